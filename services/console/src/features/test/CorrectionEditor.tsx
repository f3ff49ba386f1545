import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Popconfirm, Space, Typography } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { contentPath, thumbnailPath } from "../../api/gallery";
import type { NewShape } from "../../api/annotation";
import type { Prediction } from "../../api/inference";
import { BoxLayer } from "../../editor/BoxLayer";
import { dropDraft, keepDraft, readDraft } from "../../editor/drafts";
import { outline, type Mark } from "../../editor/marks";
import { Stage } from "../../editor/Stage";
import { useBoxes } from "../../editor/useBoxes";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { labelColour } from "../../ui/theme";
import { useProject } from "../projects/useProject";
import { areBoxes, shapesOf, type Correction } from "./correction";
import { EditorToolbar } from "./EditorToolbar";

interface Props {
  readonly prediction: Prediction;
  /** Where the work starts where no draft of it is kept. */
  readonly start: Correction;
  readonly draftName: string;
  readonly labels: readonly string[];
  readonly save: (shapes: readonly NewShape[]) => Promise<unknown>;
  readonly onEnd: (saved: boolean) => void;
}

/** Put boxes right: keep, move, delete, draw; what is not saved stays in the browser. */
export function CorrectionEditor(props: Props): ReactNode {
  const { draftName, onEnd } = props;
  const [draft] = useState(() => readDraft(draftName, areBoxes));
  const [fresh, setFresh] = useState(false);
  const restored = fresh ? null : draft;
  const discard = (): void => {
    dropDraft(draftName);
    onEnd(false);
  };
  return (
    <Editor
      key={fresh ? "fresh" : "draft"}
      {...props}
      start={restored === null ? props.start : { ...props.start, boxes: restored.work }}
      restoredAt={restored?.at ?? null}
      onDiscard={discard}
      onStartOver={() => {
        dropDraft(draftName);
        setFresh(true);
      }}
    />
  );
}

interface EditorProps extends Props {
  readonly restoredAt: number | null;
  readonly onDiscard: () => void;
  readonly onStartOver: () => void;
}

function Editor(props: EditorProps): ReactNode {
  const { prediction, start, draftName, labels, restoredAt, save, onEnd, onDiscard, onStartOver } = props;
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const imageId = prediction.image_id ?? "";
  const known = [...new Set([...labels, ...start.boxes.map(({ label }) => label)])];
  const editing = useBoxes({ boxes: start.boxes, labels: known, image: prediction });
  const { boxes } = editing;
  const touched = editing.mayUndo || restoredAt !== null;
  const choices = [...new Set([...known, ...boxes.map(({ label }) => label), editing.drawLabel])].filter(Boolean);

  useEffect(() => {
    if (boxes !== start.boxes) keepDraft(draftName, boxes);
  }, [boxes, start.boxes, draftName]);

  const saving = useMutation({
    mutationFn: () => save(shapesOf({ boxes, others: start.others })),
    onSuccess: async () => {
      dropDraft(draftName);
      void message.success(words.test.saved);
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["images", project.id] }),
        queries.invalidateQueries({ queryKey: ["annotation", project.id, imageId] }),
      ]);
      onEnd(true);
    },
  });
  const leave = (
    <Button onClick={touched ? undefined : onDiscard}>
      {touched ? words.test.discard : words.common.cancel}
    </Button>
  );

  return (
    <div className="tested">
      <div className="tested-head">
        <EditorToolbar editing={editing} labels={choices} />
        <Typography.Text type="secondary">{words.test.found(boxes.length)}</Typography.Text>
        <Space className="tested-correct">
          {touched ? (
            <Popconfirm title={words.test.discardSure} okText={words.test.discard} onConfirm={onDiscard}>
              {leave}
            </Popconfirm>
          ) : (
            leave
          )}
          <Button type="primary" loading={saving.isPending} onClick={() => saving.mutate()}>
            {words.test.save}
          </Button>
        </Space>
      </div>
      {restoredAt !== null && (
        <Alert
          type="info"
          showIcon
          data-testid="draft-restored"
          title={words.test.draftFrom(time(new Date(restoredAt).toISOString()))}
          action={
            <Button size="small" onClick={onStartOver}>
              {words.test.startOver}
            </Button>
          }
        />
      )}
      {saving.isError && <ProblemAlert error={saving.error} />}
      <Stage
        path={contentPath(project.id, imageId)}
        preview={thumbnailPath(project.id, imageId)}
        name={prediction.name}
        image={prediction}
        marks={marksOf(start.others, choices)}
        height="var(--tested-height)"
        overlay={(view) => (
          <BoxLayer
            view={view}
            image={prediction}
            boxes={boxes}
            labels={choices}
            tool={editing.tool}
            chosen={editing.chosen}
            drawLabel={editing.drawLabel}
            onChoose={editing.choose}
            onChange={editing.change}
          />
        )}
      />
      <Typography.Text type="secondary" className="editor-hint">
        {start.others.length > 0 && `${words.test.kept(start.others.length)} `}
        {words.test.editorHint}
      </Typography.Text>
    </div>
  );
}

function marksOf(others: Correction["others"], labels: readonly string[]): Mark[] {
  return others.map((shape, place) => ({
    id: `other ${place}`,
    outline: outline(shape),
    mask: shape.rle,
    colour: labelColour(labels, shape.label),
    caption: shape.label,
    dashed: true,
  }));
}
