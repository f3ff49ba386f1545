import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Popconfirm, Space, Typography } from "antd";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { Label } from "../../api/annotation";
import { contentPath, thumbnailPath } from "../../api/gallery";
import type { Prediction } from "../../api/inference";
import { START, type Desk } from "../../editor/desk";
import { dropDraft, keepDraft, readDraft } from "../../editor/drafts";
import { Editor, type Settling } from "../../editor/Editor";
import { begun, redone, stepped, undone, type History } from "../../editor/history";
import { lacksLabel, type Drawing } from "../../editor/shapes";
import { toolsFor } from "../../editor/tools/table";
import { Workbench } from "../../editor/Workbench";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { looksOf, useVocabulary } from "../projects/useLabels";
import { useOutlining } from "../projects/useOutlining";
import { useProject } from "../projects/useProject";
import { goneOn, isKept, type Kept } from "./correction";
import { said } from "./said";

interface Props {
  readonly prediction: Prediction;
  /** Where the work starts where no draft of it is kept. */
  readonly start: Drawing;
  /** Others may have saved the drawing since a draft of it was begun: their changes come in. */
  readonly merges?: boolean;
  readonly draftName: string;
  readonly save: (drawing: Drawing) => Promise<unknown>;
  readonly onEnd: (saved: boolean) => void;
}

/** Put a version's findings right in the editor; they become an annotation when a person says so. */
export function CorrectionEditor(props: Props): ReactNode {
  const { draftName, onEnd, merges = false } = props;
  const [start] = useState(props.start);
  const [draft] = useState(() => readDraft(draftName, isKept));
  const [fresh, setFresh] = useState(false);
  const restored = fresh ? null : draft;
  const discard = (): void => {
    dropDraft(draftName);
    onEnd(false);
  };
  return (
    <Correcting
      key={fresh ? "fresh" : "draft"}
      {...props}
      start={start}
      restored={restored === null ? null : goneOn(restored.work, start, merges)}
      restoredAt={restored?.at ?? null}
      onDiscard={discard}
      onStartOver={() => {
        dropDraft(draftName);
        setFresh(true);
      }}
    />
  );
}

const NO_LABELS: readonly Label[] = [];

interface CorrectingProps extends Props {
  readonly restored: Drawing | null;
  readonly restoredAt: number | null;
  readonly onDiscard: () => void;
  readonly onStartOver: () => void;
}

function Correcting(props: CorrectingProps): ReactNode {
  const { prediction, start, restored, draftName, restoredAt, save, onEnd, onDiscard, onStartOver } = props;
  const words = useWords();
  const project = useProject();
  const { items = NO_LABELS, shape_kinds: kinds = [] } = useVocabulary(project.id).data ?? {};
  const imageId = prediction.image_id ?? "";
  const outline = useOutlining(imageId);
  const [history, setHistory] = useState(() => begun(restored ?? start));
  const [desk, setDesk] = useState<Desk>({ ...START, label: items[0]?.name ?? "" });
  const [created, setCreated] = useState<readonly string[]>([]);
  const drawing = history.present;
  const touched = history.past.length > 0 || restoredAt !== null;
  const known = useMemo(
    () => looksOf(items, [...created, ...drawing.shapes.map(({ label }) => label)]),
    [items, created, drawing],
  );
  useEffect(() => {
    const kept: Kept = { start, drawing };
    if (drawing === start) dropDraft(draftName);
    else keepDraft(draftName, kept);
  }, [drawing, start, draftName]);
  const lacks = lacksLabel(drawing, project.task);
  const saving = useSaving({ imageId, draftName, save, onSaved: () => onEnd(true) });
  const editor = useRef<Settling>(null);
  // What is only looked at is on the screen: it is saved as well.
  const saveAll = (): void => saving.mutate(editor.current?.settle() ?? drawing);
  // What would be drawn while the work is on its way would be gone when it has arrived.
  const step = (next: History<Drawing>): void => {
    if (!saving.isPending) setHistory(next);
  };

  return (
    <Workbench
      over
      foot={
        <CorrectionFoot
          name={prediction.name}
          found={said(words, project.task, drawing.shapes)}
          touched={touched}
          saving={saving.isPending}
          lacksLabel={lacks}
          onDiscard={onDiscard}
          onSave={saveAll}
        />
      }
    >
      <Editor
        handle={editor}
        image={{
          path: contentPath(project.id, imageId),
          preview: thumbnailPath(project.id, imageId),
          name: prediction.name,
          width: prediction.width,
          height: prediction.height,
        }}
        kinds={kinds}
        reads={project.task === "ocr"}
        labels={known}
        labelTools={{ create: (name) => setCreated([...created, name]) }}
        outline={outline}
        steps={{
          drawing,
          mayUndo: history.past.length > 0,
          mayRedo: history.future.length > 0,
          change: (next) => step(stepped(history, next)),
          undo: () => step(undone(history)),
          redo: () => step(redone(history)),
        }}
        desk={toolsFor(kinds).includes(desk.tool) ? desk : { ...desk, tool: "select" }}
        onDesk={setDesk}
        notice={
          <div className="workbench-notice">
            {restoredAt !== null && (
              <Alert
                type="info"
                closable
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
          </div>
        }
        onAction={(action) => {
          if (action === "save" && !saving.isPending && !lacks) saveAll();
        }}
      />
    </Workbench>
  );
}

interface SavingProps {
  readonly imageId: string;
  readonly draftName: string;
  readonly save: (drawing: Drawing) => Promise<unknown>;
  readonly onSaved: () => void;
}

function useSaving({ imageId, draftName, save, onSaved }: SavingProps) {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: save,
    onSuccess: async () => {
      dropDraft(draftName);
      void message.success(words.test.saved);
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["images", project.id] }),
        queries.invalidateQueries({ queryKey: ["annotation", project.id, imageId] }),
      ]);
      onSaved();
    },
  });
}

interface FootProps {
  readonly name: string;
  readonly found: string;
  readonly touched: boolean;
  readonly saving: boolean;
  /** The image of a classification has no label: there is nothing to learn from it. */
  readonly lacksLabel: boolean;
  readonly onDiscard: () => void;
  readonly onSave: () => void;
}

function CorrectionFoot(props: FootProps): ReactNode {
  const { name, found, touched, saving, lacksLabel: lacks, onDiscard, onSave } = props;
  const words = useWords();
  const leave = (
    <Button onClick={touched ? undefined : onDiscard}>{touched ? words.test.discard : words.common.cancel}</Button>
  );
  return (
    <div className="correction-foot">
      <Typography.Text strong className="one-line" title={name}>
        {name}
      </Typography.Text>
      <Typography.Text type="secondary">{found}</Typography.Text>
      <Typography.Text type="secondary" className="one-line">
        {words.test.kept}
      </Typography.Text>
      <Space className="tested-correct">
        {touched ? (
          <Popconfirm title={words.test.discardSure} okText={words.test.discard} onConfirm={onDiscard}>
            {leave}
          </Popconfirm>
        ) : (
          leave
        )}
        <Button
          type="primary"
          loading={saving}
          disabled={lacks}
          title={lacks ? words.test.needsLabel : undefined}
          onClick={onSave}
        >
          {words.test.save}
        </Button>
      </Space>
    </div>
  );
}
