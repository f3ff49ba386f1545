import { Alert, Card, Progress, Statistic, Tag, Typography } from "antd";
import { useMemo, type ReactNode } from "react";
import { beganFromNothing, type Training } from "../../api/trainer";
import { useWords, type Words } from "../../i18n/language";
import { Chart, type ChartOption } from "../../ui/Chart";
import { clock, decimal, percent } from "../../ui/format";
import { useProject } from "../projects/useProject";
import { LiveActions } from "./LiveActions";
import type { LossPoint } from "./liveCurve";
import { useLive } from "./useLive";

/** A training that goes on: how far, how long still, and how the loss falls. */
export function LiveTraining({ training }: { readonly training: Training }): ReactNode {
  const words = useWords();
  const project = useProject();
  const { progress, losses } = useLive(project.id, training);
  const validation = words.train.validation[project.task];
  const option = useMemo(() => lossOption(losses, validation, words), [losses, validation, words]);
  return (
    <Card
      className="live-card"
      title={
        <span className="live-title">
          {words.train.running}
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
          <Chart option={option} height={200} label={words.train.lossCurve} />
        </div>
      </div>
    </Card>
  );
}

function stageName(stage: string, training: Training, words: Words): string {
  const known: Record<string, string> = words.trainingStages;
  return known[stage] ?? words.trainingStatus[training.status];
}

function lossOption(losses: readonly LossPoint[], validation: string, words: Words): ChartOption {
  const validated = losses.filter(({ validation }) => validation !== null);
  return {
    animation: false,
    grid: { left: 44, right: validated.length > 0 ? 44 : 16, top: 28, bottom: 28 },
    tooltip: { trigger: "axis", valueFormatter: (value: unknown) => decimal(Number(value)) },
    xAxis: { type: "value", min: 0, max: 100, axisLabel: { formatter: "{value}%" } },
    yAxis: [
      { type: "value", name: words.train.loss, scale: true },
      ...(validated.length > 0
        ? [{ type: "value" as const, name: validation, min: 0, max: 1 }]
        : []),
    ],
    series: [
      {
        name: words.train.loss,
        type: "line",
        showSymbol: losses.length < 3,
        lineStyle: { width: 2, color: "#0e7490" },
        itemStyle: { color: "#0e7490" },
        areaStyle: { color: "#0e7490", opacity: 0.08 },
        data: losses.map(({ at, loss }) => [at, loss]),
      },
      ...(validated.length > 0
        ? [
            {
              name: validation,
              type: "line" as const,
              yAxisIndex: 1,
              showSymbol: false,
              lineStyle: { width: 2, color: "#b45309" },
              itemStyle: { color: "#b45309" },
              data: validated.map(({ at, validation }) => [at, validation]),
            },
          ]
        : []),
    ],
  };
}
