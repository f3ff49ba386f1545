import { DeleteOutlined, DragOutlined, PlusSquareOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Space, Typography } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { correct, type NewShape } from "../../api/annotation";
import { contentPath, thumbnailPath } from "../../api/gallery";
import type { Prediction } from "../../api/inference";
import { useWords } from "../../i18n/language";
import { ImageStage } from "../../ui/ImageStage";
import { bounds, outline } from "../../ui/outline";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import type { EditedBox } from "./boxEditing";
import { BoxEditor, type Tool } from "./BoxEditor";
import { LabelChoice } from "./LabelChoice";
import type { FoundShape } from "./thresholds";

interface Props {
  readonly prediction: Prediction;
  /** What the version found at the threshold in force: where the correction starts. */
  readonly shapes: readonly FoundShape[];
  readonly labels: readonly string[];
  readonly onEnd: (saved: boolean) => void;
}

function editable(shapes: readonly FoundShape[]): EditedBox[] {
  return shapes.flatMap((shape, place) => {
    const box = bounds(outline(shape));
    return box === null
      ? []
      : [{ id: `found-${place}`, label: shape.label, score: shape.score ?? null, box }];
  });
}

/** Put a version's findings right: keep, move, delete, draw; saving makes the image an annotated one. */
export function CorrectionEditor({ prediction, shapes, labels, onEnd }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const [boxes, setBoxes] = useState<readonly EditedBox[]>(() => editable(shapes));
  const imageId = prediction.image_id ?? "";
  const [chosen, setChosen] = useState<string | null>(null);
  const [tool, setTool] = useState<Tool>("select");
  const [drawLabel, setDrawLabel] = useState(labels[0] ?? "");
  const known = [...new Set([...labels, ...boxes.map(({ label }) => label), drawLabel])].filter(
    (label) => label !== "",
  );
  const one = boxes.find(({ id }) => id === chosen);

  const saving = useMutation({
    mutationFn: () => correct(project.id, imageId, prediction.id, boxes.map(shapeOf)),
    onSuccess: async () => {
      void message.success(words.test.saved);
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["images", project.id] }),
        queries.invalidateQueries({ queryKey: ["annotation", project.id, imageId] }),
      ]);
      onEnd(true);
    },
  });
  const remove = (): void => {
    setBoxes(boxes.filter(({ id }) => id !== chosen));
    setChosen(null);
  };
  useDeleteKey(remove, chosen !== null);
  const relabel = (label: string): void => {
    setDrawLabel(label);
    if (chosen !== null) {
      setBoxes(boxes.map((box) => (box.id === chosen ? { ...box, label, score: null } : box)));
    }
  };

  return (
    <div className="tested">
      <div className="tested-head">
        <Space.Compact>
          <Button
            icon={<DragOutlined />}
            type={tool === "select" ? "primary" : "default"}
            onClick={() => setTool("select")}
          >
            {words.test.toolSelect}
          </Button>
          <Button
            icon={<PlusSquareOutlined />}
            type={tool === "draw" ? "primary" : "default"}
            disabled={drawLabel === ""}
            onClick={() => setTool("draw")}
          >
            {words.test.toolDraw}
          </Button>
        </Space.Compact>
        <LabelChoice labels={known} value={one?.label ?? drawLabel} onChoose={relabel} />
        <Button icon={<DeleteOutlined />} danger disabled={one === undefined} onClick={remove}>
          {words.common.delete}
        </Button>
        <Typography.Text type="secondary">{words.test.found(boxes.length)}</Typography.Text>
        <Space className="tested-correct">
          <Button onClick={() => onEnd(false)}>{words.common.cancel}</Button>
          <Button type="primary" loading={saving.isPending} onClick={() => saving.mutate()}>
            {words.test.save}
          </Button>
        </Space>
      </div>
      {saving.isError && <ProblemAlert error={saving.error} />}
      <ImageStage
        path={contentPath(project.id, imageId)}
        preview={thumbnailPath(project.id, imageId)}
        image={prediction}
        marks={[]}
        height="max(400px, calc(100vh - 500px))"
        overlay={(view) => (
          <BoxEditor
            view={view}
            image={prediction}
            boxes={boxes}
            labels={known}
            tool={tool}
            chosen={chosen}
            drawLabel={drawLabel}
            onChoose={(id) => {
              setChosen(id);
              if (id !== null) setTool("select");
            }}
            onChange={setBoxes}
          />
        )}
      />
      <Typography.Text type="secondary">{words.test.editorHint}</Typography.Text>
    </div>
  );
}

function shapeOf({ id, label, box }: EditedBox): NewShape {
  const [x1, y1, x2, y2] = box;
  return {
    id,
    label,
    kind: "box",
    points: [
      [x1, y1],
      [x2, y2],
    ],
  };
}

function useDeleteKey(remove: () => void, active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const onKey = ({ key, target }: KeyboardEvent): void => {
      const typing = target instanceof HTMLElement && target.closest("input, textarea") !== null;
      if ((key === "Delete" || key === "Backspace") && !typing) remove();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}
