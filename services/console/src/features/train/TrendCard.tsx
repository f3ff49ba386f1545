import { useQuery } from "@tanstack/react-query";
import { Card, Empty, Skeleton } from "antd";
import { useMemo, type ReactNode } from "react";
import { listVersions, type Training } from "../../api/trainer";
import { useWords, type Words } from "../../i18n/language";
import { Chart, type ChartOption } from "../../ui/Chart";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";

/** Versions the trend goes back. */
const LAST = 10;
const REFRESH_MS = 5_000;

/** Training time and average detection rate of the last ten trainings, on two axes. */
export function TrendCard(): ReactNode {
  const words = useWords();
  const project = useProject();
  const trend = useQuery({
    queryKey: ["versions", project.id, "trend"],
    queryFn: () => listVersions(project.id, LAST),
    // The rate joins a version when its report is done, a moment after the training.
    refetchInterval: REFRESH_MS,
  });
  const points = trend.data?.items;
  const option = useMemo(() => trendOption(points ?? [], words), [points, words]);
  return (
    <Card
      title={
        <>
          {words.train.trend} <HelpTip title={words.train.trend} text={words.train.trendHelp} />
        </>
      }
    >
      <div className="trend-body">
        {trend.isError && <ProblemAlert error={trend.error} onRetry={() => void trend.refetch()} />}
        {trend.isPending && <Skeleton active />}
        {points?.length === 0 && <Empty description={words.common.noData} />}
        {points !== undefined && points.length > 0 && (
          <Chart option={option} height={280} label={words.train.trend} />
        )}
      </div>
    </Card>
  );
}

/** Versions come newest first; the axis runs with time. */
function trendOption(versions: readonly Training[], words: Words): ChartOption {
  const points = versions.toReversed();
  return {
    grid: { left: 56, right: 56, top: 48, bottom: 32 },
    legend: { top: 0 },
    tooltip: { trigger: "axis" },
    xAxis: { type: "category", data: points.map(({ version }) => version) },
    yAxis: [
      { type: "value", name: words.train.minutesAxis, minInterval: 1 },
      {
        type: "value",
        name: words.train.rate,
        min: 0,
        max: 100,
        splitLine: { show: false },
        axisLabel: { formatter: "{value}%" },
      },
    ],
    series: [
      {
        name: words.train.minutesAxis,
        type: "bar",
        barMaxWidth: 36,
        itemStyle: { color: "#94c9d6", borderRadius: [4, 4, 0, 0] },
        data: points.map(({ duration_seconds: seconds }) => Number(((seconds ?? 0) / 60).toFixed(1))),
      },
      {
        name: words.train.rate,
        type: "line",
        yAxisIndex: 1,
        symbolSize: 8,
        itemStyle: { color: "#4f46e5" },
        lineStyle: { width: 3 },
        tooltip: { valueFormatter: (value: unknown) => (typeof value === "number" ? `${value}%` : "—") },
        data: points.map(({ average_detection_rate: rate }) =>
          rate === null ? null : Number((rate * 100).toFixed(1)),
        ),
      },
    ],
  };
}
