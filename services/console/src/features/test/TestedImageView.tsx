import { useQuery } from "@tanstack/react-query";
import { App, Button, Skeleton, Tag, Typography } from "antd";
import { useMemo, useState, type ReactNode } from "react";
import { correct, getAnnotation, saveAnnotation } from "../../api/annotation";
import { contentPath, getImage, thumbnailPath } from "../../api/gallery";
import type { Prediction } from "../../api/inference";
import { readDraft } from "../../editor/drafts";
import { bounds } from "../../editor/geometry";
import { outline, type Mark } from "../../editor/marks";
import { nameOf } from "../../editor/ShapeLayer";
import { fromAnnotation, fromShape, toWire } from "../../editor/shapes";
import { Stage } from "../../editor/Stage";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { labelColour, type Colours } from "../../ui/theme";
import { useLabelColours } from "../projects/useLabels";
import { useProject } from "../projects/useProject";
import { isKept } from "./correction";
import { CorrectionEditor } from "./CorrectionEditor";
import { said } from "./said";
import { shapesFrom, type FoundShape } from "../projects/thresholds";

const REFRESH_MS = 1_500;

interface Props {
  readonly tested: Prediction;
  readonly threshold: number;
  readonly confidence: boolean;
}

/** One tested image: what the version says it sees, and the way to say otherwise. */
export function TestedImageView({ tested, threshold, confidence }: Props): ReactNode {
  const project = useProject();
  const [editing, setEditing] = useState<"correction" | "annotation" | null>(null);
  // The gallery hears of a correction by event, a moment later; the page knows at once.
  const [saved, setSaved] = useState(false);
  const colours = useLabelColours(project.id);
  const imageId = tested.image_id ?? "";
  const image = useQuery({
    queryKey: ["image", project.id, imageId],
    queryFn: () => getImage(project.id, imageId),
    refetchInterval: ({ state }) => (saved && state.data?.status !== "labelled" ? REFRESH_MS : false),
  });
  const annotated = saved || tested.corrected || image.data?.status === "labelled";
  // What is under work stays what it was, even where somebody else annotates the image meanwhile.
  const kind = editing ?? (annotated ? "annotation" : "correction");
  const draftName = `${project.id}.${tested.id}.${kind}`;
  const end = (done: boolean): void => {
    setEditing(null);
    setSaved(saved || done);
  };
  const shared = { prediction: tested, draftName, onEnd: end };
  if (editing === "annotation") return <SavedEditor {...shared} imageId={imageId} />;
  if (editing === "correction") {
    return (
      <CorrectionEditor
        {...shared}
        start={{
          shapes: shapesFrom(tested, threshold).map((shape, place) => fromShape(shape, `found-${place}`)),
          nothing: false,
        }}
        save={(drawing) => correct(project.id, imageId, tested.id, toWire(drawing))}
      />
    );
  }
  return (
    <Found
      tested={tested}
      threshold={threshold}
      confidence={confidence}
      colours={colours}
      annotated={annotated}
      drafted={readDraft(draftName, isKept) !== null}
      onEdit={() => setEditing(kind)}
    />
  );
}

interface SavedProps {
  readonly prediction: Prediction;
  readonly imageId: string;
  readonly draftName: string;
  readonly onEnd: (saved: boolean) => void;
}

/** What was saved once can be opened again: the annotation as it stands now. */
function SavedEditor({ imageId, ...props }: SavedProps): ReactNode {
  const project = useProject();
  const annotation = useQuery({
    queryKey: ["annotation", project.id, imageId, "edited"],
    queryFn: () => getAnnotation(project.id, imageId),
    // Another answer in the middle of the work would pull the boxes away under the hands.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnReconnect: false,
  });
  if (annotation.isError) {
    return <ProblemAlert error={annotation.error} onRetry={() => void annotation.refetch()} />;
  }
  if (annotation.isPending) return <Skeleton active paragraph={{ rows: 8 }} />;
  const { data } = annotation;
  return (
    <CorrectionEditor
      {...props}
      merges
      start={fromAnnotation(data)}
      save={(drawing) => saveAnnotation(project.id, imageId, data.version, toWire(drawing))}
    />
  );
}

interface FoundProps extends Props {
  readonly colours: Colours;
  readonly annotated: boolean;
  /** Work on this image waits, unsaved. */
  readonly drafted: boolean;
  readonly onEdit: () => void;
}

function Found({ tested, threshold, confidence, colours, annotated, drafted, onEdit }: FoundProps): ReactNode {
  const words = useWords();
  const project = useProject();
  const { modal } = App.useApp();
  const imageId = tested.image_id ?? "";
  const kept = useMemo(() => shapesFrom(tested, threshold), [tested, threshold]);
  const marks = useMemo(
    () =>
      kept.map(
        (shape, place): Mark => ({
          id: String(place),
          outline: outline(shape),
          mask: shape.rle,
          colour: labelColour(colours, shape.label),
          caption: nameOf(fromShape(shape, String(place)), "", confidence),
        }),
      ),
    [kept, colours, confidence],
  );
  const ask = async (): Promise<void> => {
    if (annotated || drafted) {
      onEdit();
      return;
    }
    const sure = await modal.confirm({
      title: words.test.correctSure,
      content: words.test.correctConsequence,
      okText: words.test.correct,
    });
    if (sure) onEdit();
  };
  return (
    <div className="tested">
      <div className="tested-head">
        <Typography.Text strong className="one-line" title={tested.name}>
          {tested.name}
        </Typography.Text>
        {(kept.length === 0 || project.task !== "classification") && (
          <Typography.Text type="secondary">{said(words, project.task, kept)}</Typography.Text>
        )}
        <Typography.Text type="secondary">{words.test.elapsed(Math.round(tested.elapsed_ms))}</Typography.Text>
        {kept
          .filter(({ kind }) => kind === "image")
          .map(({ label, score }) => (
            <Tag key={label} color={labelColour(colours, label)} data-testid="image-label">
              {confidence ? `${label} ${(score ?? 1).toFixed(2)}` : label}
            </Tag>
          ))}
        {annotated && <Typography.Text type="success">{words.test.corrected}</Typography.Text>}
        <Button className="tested-correct" onClick={() => void ask()}>
          {drafted ? words.test.goOn : annotated ? words.test.edit : words.test.correct}
        </Button>
      </div>
      <Stage
        path={contentPath(project.id, imageId)}
        preview={thumbnailPath(project.id, imageId)}
        name={tested.name}
        image={tested}
        marks={marks}
        height="var(--tested-height)"
      />
      {project.task === "ocr" && <FoundTexts shapes={kept} />}
    </div>
  );
}

/** What was read, from the top of the image down: captions lie over one another where lines are close. */
function FoundTexts({ shapes }: { readonly shapes: readonly FoundShape[] }): ReactNode {
  const words = useWords();
  const lines = shapes
    .map((shape) => ({ shape, top: bounds(outline(shape)) ?? [0, 0, 0, 0] }))
    .toSorted((a, b) => a.top[1] - b.top[1] || a.top[0] - b.top[0]);
  if (lines.length === 0) return null;
  return (
    <section>
      <Typography.Text strong>{words.test.read}</Typography.Text>
      <ol className="tested-texts" aria-label={words.test.read}>
        {lines.map(({ shape }, place) => (
          <li key={place}>
            {(shape.text ?? "") === "" ? <Typography.Text type="secondary">{words.test.notRead}</Typography.Text> : shape.text}
          </li>
        ))}
      </ol>
    </section>
  );
}
