import { ExperimentOutlined, FileSearchOutlined, ThunderboltOutlined } from "@ant-design/icons";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Space, Statistic, Typography } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { listLabels } from "../../api/annotation";
import { summariseImages } from "../../api/gallery";
import { getNextTraining, startTraining, type NextTraining, type TrainingMode } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useRefusal } from "../../ui/useRefusal";
import { useProject } from "../projects/useProject";
import type { RecipeDesk } from "./useRecipe";

interface Props {
  /** Whose changes, where there are any, this start takes. */
  readonly desk: RecipeDesk;
  readonly trainings: number;
  readonly busy: boolean;
}

/** What there is to learn from, and the two buttons that start learning. */
export function StartCard({ desk, trainings, busy }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const counts = useCounts(project.id);
  const recipe = desk.changed ? (desk.shown ?? null) : null;
  const backbone = recipe?.backbone ?? null;
  const next = useQuery({
    queryKey: ["next-training", project.id, backbone],
    queryFn: () => getNextTraining(project.id, backbone),
    placeholderData: keepPreviousData,
  });
  const refusal = useRefusal("POST /api/trainer/projects/{project_id}/trainings");
  const start = useMutation({
    mutationFn: (mode: TrainingMode) => startTraining(project.id, mode, recipe),
    onError: desk.refuse,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["trainings", project.id] }),
  });
  return (
    <Card className="start-card">
      <div className="start-row">
        <div>
          <Typography.Title level={5}>{words.train.slogan}</Typography.Title>
          <Typography.Text type="secondary">{words.train.advice}</Typography.Text>
        </div>
        <Space>
          <Link to={`/projects/${project.id}/check`}>
            <Button size="large" icon={<FileSearchOutlined />}>
              {words.check.open}
            </Button>
          </Link>
          <Button
            size="large"
            icon={<ThunderboltOutlined />}
            loading={start.isPending && start.variables === "train"}
            disabled={start.isPending || refusal !== ""}
            title={refusal}
            onClick={() => start.mutate("train")}
          >
            {words.train.start}
          </Button>
          <Button
            type="primary"
            size="large"
            icon={<ExperimentOutlined />}
            loading={start.isPending && start.variables === "train_and_test"}
            disabled={start.isPending || refusal !== ""}
            title={refusal}
            onClick={() => start.mutate("train_and_test")}
          >
            {words.train.startAndTest}
          </Button>
        </Space>
      </div>
      {next.data !== undefined && <WeightsAlert next={next.data} />}
      {busy && <Typography.Text type="secondary">{words.train.busyHint}</Typography.Text>}
      {start.isError && <ProblemAlert error={start.error} className="start-problem" />}
      <div className="figures">
        <Statistic title={words.train.trainings} value={trainings} />
        <Statistic title={words.train.annotatedImages} value={counts.annotated} />
        <Statistic title={words.train.allImages} value={counts.total} />
        <Statistic title={words.train.labelKinds} value={counts.labels} />
      </div>
    </Card>
  );
}

/** Said before the training, since without pretrained weights few images teach little. */
function WeightsAlert({ next }: { readonly next: NextTraining }): ReactNode {
  const { train } = useWords();
  if (next.weights !== "none" && next.weights !== "hub") return null;
  const missing = next.weights === "none";
  return (
    <Alert
      type={missing ? "warning" : "info"}
      showIcon
      className="start-problem"
      data-testid="weights-missing"
      title={missing ? train.noWeights(next.backbone) : train.weightsFromHub(next.backbone)}
    />
  );
}

function useCounts(projectId: string): Record<"total" | "annotated" | "labels", number | string> {
  const images = useQuery({
    queryKey: ["images", projectId, "summary"],
    queryFn: () => summariseImages(projectId),
  });
  const labels = useQuery({ queryKey: ["labels", projectId], queryFn: () => listLabels(projectId) });
  return {
    total: images.data?.total ?? "—",
    annotated: images.data?.labelled ?? "—",
    labels: labels.data?.items.length ?? "—",
  };
}
