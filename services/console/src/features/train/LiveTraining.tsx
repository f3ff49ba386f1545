import { Alert, Card, Progress, Statistic, Tag, Typography } from "antd";
import { useMemo, type ReactNode } from "react";
import { Link } from "react-router";
import { beganFromNothing, type Training } from "../../api/trainer";
import { useWords, type Words } from "../../i18n/language";
import { clock, decimal, percent } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { LiveActions } from "./LiveActions";
import { withHistory } from "./liveCurve";
import { LossChart } from "./LossChart";
import { Previews } from "./Previews";
import { useHistory } from "./useHistory";
import { useLive } from "./useLive";

/** A training that goes on: how far, how long still, and how the loss falls. */
export function LiveTraining({ training }: { readonly training: Training }): ReactNode {
  const words = useWords();
  const project = useProject();
  const { progress, losses } = useLive(project.id, training);
  const validation = words.train.validation[project.task];
  const asked = useHistory(training);
  const history = asked.data;
  const curve = useMemo(() => withHistory(history?.curve ?? [], losses), [history, losses]);
  return (
    <Card
      className="live-card"
      title={
        <span className="live-title">
          <Link to={`/projects/${project.id}/train/${training.id}`}>{words.training.numbered(training.number)}</Link>
          <Tag color="processing">{stageName(progress.stage, training, words)}</Tag>
          {training.finishing && <Tag color="warning">{words.train.finishing}</Tag>}
        </span>
      }
      extra={<LiveActions training={training} stage={progress.stage} />}
    >
      <Progress
        percent={Math.floor(progress.percent)}
        status="active"
        data-testid="training-progress"
      />
      {beganFromNothing(training) && (
        <Alert type="warning" showIcon title={words.train.noWeights(training.recipe.backbone)} />
      )}
      <div className="live-body">
        <div className="live-figures">
          <Statistic
            title={words.train.timeLeft}
            value={progress.seconds_left == null ? "—" : clock(progress.seconds_left)}
          />
          <Statistic
            title={words.train.epoch}
            value={progress.epochs === 0 ? "—" : `${progress.epoch} / ${progress.epochs}`}
          />
          {history !== undefined && history.device !== "" && (
            <Statistic title={words.training.device} value={history.device} className="live-device" />
          )}
          <Statistic title={words.train.loss} value={decimal(progress.loss)} />
          {progress.validation != null && (
            <Statistic
              title={validation}
              value={percent(progress.validation)}
              suffix={
                <Typography.Text type="secondary" className="live-interval">
                  {percent(progress.validation_low)} – {percent(progress.validation_high)}
                </Typography.Text>
              }
            />
          )}
        </div>
        <div className="live-chart">
          <LossChart losses={curve} />
        </div>
      </div>
      {training.status === "running" && (
        <div className="live-previews">
          {asked.isError ? (
            <ProblemAlert error={asked.error} onRetry={() => void asked.refetch()} />
          ) : (
            <Previews previews={history?.previews ?? []} epoch={history?.previews_epoch ?? 0} active />
          )}
        </div>
      )}
    </Card>
  );
}

function stageName(stage: string, training: Training, words: Words): string {
  const known: Record<string, string> = words.trainingStages;
  return known[stage] ?? words.trainingStatus[training.status];
}
