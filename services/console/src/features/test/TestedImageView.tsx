import { useQuery } from "@tanstack/react-query";
import { Alert, App, Button, Skeleton, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { contentPath, getImage } from "../../api/gallery";
import type { TestedImage } from "../../api/inference";
import { labelColour } from "../../app/theme";
import { useWords } from "../../i18n/language";
import { ImageStage, type Mark } from "../../ui/ImageStage";
import { boxCorners } from "../../ui/outline";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { CorrectionEditor } from "./CorrectionEditor";
import { useLabelNames } from "./useLabelNames";

interface Props {
  readonly tested: TestedImage;
  readonly threshold: number;
  readonly confidence: boolean;
}

/** One tested image: what the version says it sees, and the way to say otherwise. */
export function TestedImageView({ tested, threshold, confidence }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const { modal } = App.useApp();
  const [correcting, setCorrecting] = useState(false);
  const labels = useLabelNames(project.id);
  const image = useQuery({
    queryKey: ["image", project.id, tested.image_id],
    queryFn: () => getImage(project.id, tested.image_id),
  });
  if (image.isError) return <ProblemAlert error={image.error} onRetry={() => void image.refetch()} />;
  if (image.data === undefined) return <Skeleton active paragraph={{ rows: 6 }} />;
  if (tested.error !== "") {
    return <Alert type="error" showIcon title={words.test.imageFailed} description={tested.error} />;
  }
  const kept = tested.detections.filter(({ score }) => score >= threshold);
  if (correcting) {
    return (
      <CorrectionEditor
        image={image.data}
        predictionId={tested.prediction_id}
        detections={kept}
        labels={labels}
        onEnd={() => {
          setCorrecting(false);
          void image.refetch();
        }}
      />
    );
  }
  const ask = async (): Promise<void> => {
    const sure = await modal.confirm({
      title: words.test.correctSure,
      content: words.test.correctConsequence,
      okText: words.test.correct,
    });
    if (sure) setCorrecting(true);
  };
  const corrected = image.data.status === "labelled";
  return (
    <div className="tested">
      <div className="tested-head">
        <Typography.Text strong ellipsis={{ tooltip: image.data.name }}>
          {image.data.name}
        </Typography.Text>
        <Typography.Text type="secondary">{words.test.found(kept.length)}</Typography.Text>
        {tested.elapsed_ms !== null && (
          <Typography.Text type="secondary">{words.test.elapsed(Math.round(tested.elapsed_ms))}</Typography.Text>
        )}
        <Button className="tested-correct" disabled={corrected} onClick={() => void ask()}>
          {corrected ? words.test.corrected : words.test.correct}
        </Button>
      </div>
      <ImageStage
        path={contentPath(project.id, tested.image_id)}
        image={image.data}
        marks={kept.map(
          ({ label, score, box }, place): Mark => ({
            id: String(place),
            outline: boxCorners(box),
            colour: labelColour(labels, label),
            caption: confidence ? `${label} ${score.toFixed(2)}` : label,
          }),
        )}
        height="max(420px, calc(100vh - 420px))"
      />
    </div>
  );
}
