import { useMemo, type ReactNode } from "react";
import { useWords, type Words } from "../../i18n/language";
import { Chart, type ChartOption } from "../../ui/Chart";
import { decimal } from "../../ui/format";
import { useProject } from "../projects/useProject";
import type { LossPoint } from "./liveCurve";

const LOSS = "#0e7490";
const VALIDATION = "#b45309";

/** How the loss falls, and the figure of images that do not teach beside it. */
export function LossChart({ losses }: { readonly losses: readonly LossPoint[] }): ReactNode {
  const words = useWords();
  const { task } = useProject();
  const validation = words.train.validation[task];
  const option = useMemo(() => lossOption(losses, validation, words), [losses, validation, words]);
  return <Chart option={option} height={200} label={words.train.lossCurve} />;
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
        lineStyle: { width: 2, color: LOSS },
        itemStyle: { color: LOSS },
        areaStyle: { color: LOSS, opacity: 0.08 },
        data: losses.map(({ at, loss }) => [at, loss]),
      },
      ...(validated.length > 0
        ? [
            {
              name: validation,
              type: "line" as const,
              yAxisIndex: 1,
              showSymbol: false,
              lineStyle: { width: 2, color: VALIDATION },
              itemStyle: { color: VALIDATION },
              data: validated.map(({ at, validation }) => [at, validation]),
            },
          ]
        : []),
    ],
  };
}
