import { useMemo, type ReactNode } from "react";
import type { LabelCurve, Report } from "../../api/evaluator";
import { shortened } from "../../ui/shortened";
import { coloursInTurn, labelColour } from "../../ui/theme";
import { useWords, type Words } from "../../i18n/language";
import { Chart, type ChartOption } from "../../ui/Chart";
import { decimal } from "../../ui/format";
import { Section } from "../../ui/Section";
import { countsAt, figures, meanF1At } from "./operatingPoint";

interface Props {
  readonly report: Report;
  readonly threshold: number;
}

type XY = readonly [number, number];

/** Precision against recall, and F1 against the threshold, for every label. */
export function CurvesCard({ report: { curves }, threshold }: Props): ReactNode {
  const words = useWords();
  const precisionRecall = useMemo(() => precisionRecallOption(curves, words), [curves, words]);
  const f1 = useMemo(() => f1Option(curves, words), [curves, words]);
  const f1Here = useMemo(() => withLine(f1, threshold), [f1, threshold]);
  return (
    <Section name="curves" title={words.report.curves}>
      <div className="two-charts">
        <figure className="titled-chart">
          <figcaption>{words.report.prCurve}</figcaption>
          <Chart option={precisionRecall} height={320} label={words.report.prCurve} />
        </figure>
        <figure className="titled-chart">
          <figcaption>{words.report.f1Curve}</figcaption>
          <Chart option={f1Here} height={320} label={words.report.f1Curve} />
        </figure>
      </div>
    </Section>
  );
}

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly data: readonly XY[];
  readonly strong?: boolean;
}

function lineChart(x: string, y: string, lines: readonly Line[]) {
  return {
    animation: false,
    grid: { left: 52, right: 24, top: 44, bottom: 48 },
    legend: { top: 0, type: "scroll", formatter: shortened },
    tooltip: { trigger: "axis" },
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

function known(x: number, y: number | null | undefined): XY[] {
  return y === null || y === undefined ? [] : [[x, y]];
}

/** The evaluator samples precision at even steps of recall, from 0 to 1. */
function precisionRecallOption(curves: readonly LabelCurve[], words: Words): ChartOption {
  const colours = coloursInTurn(curves.map(({ label }) => label));
  const lines = curves.map(({ label, precision_at_recall: samples }): Line => ({
    name: label,
    colour: labelColour(colours, label),
    data: samples.flatMap((precision, step) => known(step / (samples.length - 1), precision)),
  }));
  return lineChart(words.report.recall, words.report.precision, lines);
}

function f1Option(curves: readonly LabelCurve[], words: Words) {
  const colours = coloursInTurn(curves.map(({ label }) => label));
  const lines = curves.map((curve): Line => ({
    name: curve.label,
    colour: labelColour(colours, curve.label),
    data: curve.thresholds.flatMap((threshold) =>
      known(threshold, figures(countsAt(curve, threshold)).f1),
    ),
  }));
  const mean: Line = {
    name: words.report.allLabels,
    colour: "#868e96",
    data: (curves[0]?.thresholds ?? []).flatMap((threshold) =>
      known(threshold, meanF1At(curves, threshold)),
    ),
    strong: true,
  };
  return lineChart(words.report.threshold, "F1", lines.length > 1 ? [...lines, mean] : lines);
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
