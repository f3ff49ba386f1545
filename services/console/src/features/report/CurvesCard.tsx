import { Card } from "antd";
import { useMemo, type ReactNode } from "react";
import type { LabelCurve, Report } from "../../api/evaluator";
import { labelColour } from "../../app/theme";
import { useWords, type Words } from "../../i18n/language";
import { Chart, type ChartOption } from "../../ui/Chart";
import { decimal } from "../../ui/format";
import { allThresholds, countsAt, figures, mean } from "./operatingPoint";

interface Props {
  readonly report: Report;
  readonly threshold: number;
}

type XY = readonly [number, number];

/** Precision against recall, and F1 against the threshold, for every label. */
export function CurvesCard({ report, threshold }: Props): ReactNode {
  const words = useWords();
  const { curves } = report;
  const names = useMemo(() => curves.map(({ label }) => label), [curves]);
  const pr = useMemo(() => prOption(curves, names, words), [curves, names, words]);
  const f1 = useMemo(() => f1Option(curves, names, words), [curves, names, words]);
  const f1Here = useMemo(() => withLine(f1, threshold), [f1, threshold]);
  return (
    <div className="two-charts">
      <Card title={words.report.prCurve}>
        <Chart option={pr} height={320} label={words.report.prCurve} />
      </Card>
      <Card title={words.report.f1Curve}>
        <Chart option={f1Here} height={320} label={words.report.f1Curve} />
      </Card>
    </div>
  );
}

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly data: readonly XY[];
  readonly strong?: boolean;
}

function lineChart(x: string, y: string, lines: readonly Line[]): ChartOption & { series: object[] } {
  return {
    animation: false,
    grid: { left: 52, right: 24, top: 44, bottom: 48 },
    legend: { top: 0, type: "scroll" },
    tooltip: { trigger: "item" },
    xAxis: { type: "value", name: x, nameLocation: "middle", nameGap: 28, min: 0, max: 1 },
    yAxis: { type: "value", name: y, min: 0, max: 1 },
    series: lines.map(({ name, colour, data, strong = false }) => ({
      name,
      type: "line",
      showSymbol: false,
      data,
      itemStyle: { color: colour },
      lineStyle: { width: strong ? 3 : 1.8, type: strong ? "dashed" : "solid" },
      tooltip: { valueFormatter: (value: unknown) => decimal(Number(value), 2) },
    })),
  };
}

function prOption(curves: readonly LabelCurve[], names: readonly string[], words: Words): ChartOption {
  const lines = curves.map((curve) => ({
    name: curve.label,
    colour: labelColour(names, curve.label),
    data: curve.thresholds
      .map((threshold) => figures(countsAt(curve, threshold)))
      .flatMap(({ precision, recall }): XY[] =>
        precision === null || recall === null ? [] : [[recall, precision]],
      )
      .sort((a, b) => a[0] - b[0] || b[1] - a[1]),
  }));
  return lineChart(words.report.recall, words.report.precision, lines);
}

function f1Option(curves: readonly LabelCurve[], names: readonly string[], words: Words) {
  const sweep = (curve: LabelCurve): XY[] =>
    curve.thresholds.map((threshold): XY => [threshold, figures(countsAt(curve, threshold)).f1 ?? 0]);
  const lines: Line[] = curves.map((curve) => ({
    name: curve.label,
    colour: labelColour(names, curve.label),
    data: sweep(curve),
  }));
  const average = allThresholds(curves).map(
    (threshold): XY => [threshold, mean(curves.map((curve) => figures(countsAt(curve, threshold)).f1)) ?? 0],
  );
  const all: Line = { name: words.report.allLabels, colour: "#868e96", data: average, strong: true };
  return lineChart(words.report.threshold, "F1", curves.length > 1 ? [...lines, all] : lines);
}

/** The same chart with a line where the threshold stands. */
function withLine(option: ReturnType<typeof f1Option>, threshold: number): ChartOption {
  const [first, ...rest] = option.series;
  const markLine = {
    silent: true,
    symbol: "none",
    label: { formatter: threshold.toFixed(2) },
    lineStyle: { color: "#0e7490", type: "solid" },
    data: [{ xAxis: threshold }],
  };
  return { ...option, series: first === undefined ? [] : [{ ...first, markLine }, ...rest] };
}
