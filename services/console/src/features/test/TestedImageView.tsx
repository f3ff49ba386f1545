import { useQuery } from "@tanstack/react-query";
import { App, Button, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { contentPath, getImage, thumbnailPath } from "../../api/gallery";
import type { Prediction } from "../../api/inference";
import { labelColour } from "../../app/theme";
import { useWords } from "../../i18n/language";
import { ImageStage, type Mark } from "../../ui/ImageStage";
import { outline } from "../../ui/outline";
import { useProject } from "../projects/useProject";
import { useLabelNames } from "../projects/useLabelNames";
import { CorrectionEditor } from "./CorrectionEditor";
import { shapesFrom } from "./thresholds";

const REFRESH_MS = 1_500;

interface Props {
  readonly tested: Prediction;
  readonly threshold: number;
  readonly confidence: boolean;
}

/** One tested image: what the version says it sees, and the way to say otherwise. */
export function TestedImageView({ tested, threshold, confidence }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const { modal } = App.useApp();
  const [correcting, setCorrecting] = useState(false);
  // The gallery hears of a correction by event, a moment later; the page knows at once.
  const [saved, setSaved] = useState(false);
  const labels = useLabelNames(project.id);
  const imageId = tested.image_id ?? "";
  const image = useQuery({
    queryKey: ["image", project.id, imageId],
    queryFn: () => getImage(project.id, imageId),
    refetchInterval: ({ state }) =>
      saved && state.data?.status !== "labelled" ? REFRESH_MS : false,
  });
  const kept = shapesFrom(tested, threshold);
  if (correcting) {
    return (
      <CorrectionEditor
        prediction={tested}
        shapes={kept}
        labels={labels}
        onEnd={(done) => {
          setCorrecting(false);
          setSaved(saved || done);
        }}
      />
    );
  }
  const corrected = saved || tested.corrected || image.data?.status === "labelled";
  const ask = async (): Promise<void> => {
    const sure = await modal.confirm({
      title: words.test.correctSure,
      content: words.test.correctConsequence,
      okText: words.test.correct,
    });
    if (sure) setCorrecting(true);
  };
  return (
    <div className="tested">
      <div className="tested-head">
        <Typography.Text strong ellipsis={{ tooltip: tested.name }}>
          {tested.name}
        </Typography.Text>
        <Typography.Text type="secondary">{words.test.found(kept.length)}</Typography.Text>
        <Typography.Text type="secondary">
          {words.test.elapsed(Math.round(tested.elapsed_ms))}
        </Typography.Text>
        {project.task === "detection" && (
          <Button className="tested-correct" disabled={corrected} onClick={() => void ask()}>
            {corrected ? words.test.corrected : words.test.correct}
          </Button>
        )}
      </div>
      <ImageStage
        path={contentPath(project.id, imageId)}
        preview={thumbnailPath(project.id, imageId)}
        image={tested}
        marks={kept.map(
          (shape, place): Mark => ({
            id: String(place),
            outline: outline(shape),
            mask: shape.rle,
            colour: labelColour(labels, shape.label),
            caption: confidence ? `${shape.label} ${(shape.score ?? 1).toFixed(2)}` : shape.label,
          }),
        )}
        height="max(400px, calc(100vh - 500px))"
      />
    </div>
  );
}
