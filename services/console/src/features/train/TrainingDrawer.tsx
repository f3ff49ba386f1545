import { useQuery } from "@tanstack/react-query";
import { Alert, Card, Drawer, Skeleton, Space, Tag } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { getTraining, isActive, type Training } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { fromHistory } from "./liveCurve";
import { LossChart } from "./LossChart";
import { Previews } from "./Previews";
import { RecipeContents } from "./RecipeSummary";
import { STATUS_COLOURS } from "./RecordsCard";
import { TrainingFacts } from "./TrainingFacts";
import { TrainingLog } from "./TrainingLog";
import { useHistory } from "./useHistory";

const REFRESH_MS = 4_000;
const WIDTH = "min(1080px, 100vw)";

interface Props {
  readonly trainingId: string;
  readonly onClose: () => void;
}

/** One training over the page that lists them, which stays where it is. */
export function TrainingDrawer({ trainingId, onClose }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const asked = useQuery({
    queryKey: ["trainings", project.id, "one", trainingId],
    queryFn: () => getTraining(project.id, trainingId),
    refetchInterval: ({ state }) => (state.data && isActive(state.data.status) ? REFRESH_MS : false),
  });
  const training = asked.data;
  return (
    <Drawer
      open
      size={WIDTH}
      onClose={onClose}
      title={training === undefined ? words.training.title : <Title training={training} />}
    >
      {asked.isError && <ProblemAlert error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton active paragraph={{ rows: 10 }} />}
      {training !== undefined && <Body training={training} />}
    </Drawer>
  );
}

function Title({ training }: { readonly training: Training }): ReactNode {
  const words = useWords();
  const { version, average_detection_rate: rate } = training;
  return (
    <Space wrap>
      {words.training.numbered(training.number)}
      <Tag color={STATUS_COLOURS[training.status]}>{words.trainingStatus[training.status]}</Tag>
      {version !== null && <span>{version}</span>}
      {version !== null && rate !== null && (
        <Link to={`/projects/${training.project_id}/report/${version}`} className="rate-link">
          {percent(rate)}
        </Link>
      )}
    </Space>
  );
}

function Body({ training }: { readonly training: Training }): ReactNode {
  const words = useWords();
  const history = useHistory(training);
  const active = isActive(training.status);
  return (
    <div className="stack">
      {training.error !== "" && (
        <Alert type="error" showIcon title={words.training.failed} description={training.error} />
      )}
      {training.warnings.length > 0 && (
        <Alert type="warning" showIcon title={words.training.warnings} description={<Lines of={training.warnings} />} />
      )}
      {history.isError && <ProblemAlert error={history.error} onRetry={() => void history.refetch()} />}
      {history.isPending && <Skeleton active paragraph={{ rows: 6 }} />}
      <TrainingFacts training={training} history={history.data} />
      {history.data !== undefined && (
        <>
          <Card title={words.training.previews}>
            <Previews previews={history.data.previews} epoch={history.data.previews_epoch} active={active} />
          </Card>
          {history.data.curve.length > 0 && (
            <Card title={words.train.lossCurve}>
              <LossChart losses={fromHistory(history.data.curve)} />
            </Card>
          )}
        </>
      )}
      <Card title={words.recipe.title}>
        <RecipeContents training={training} />
      </Card>
      {history.data !== undefined && <TrainingLog lines={history.data.log} />}
    </div>
  );
}

function Lines({ of }: { readonly of: readonly string[] }): ReactNode {
  return (
    <ul className="training-choices">
      {of.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
