import { Alert, Card, Statistic, Typography } from "antd";
import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { decimal, decimalRange, percent, range } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { onGrid } from "../../ui/onGrid";
import { hasThreshold, meanF1At } from "./operatingPoint";
import { FACTS } from "../../api/generated/facts";

type Tone = "success" | "warning" | "error" | "info";

/** The conclusion in words, and the figures it stands on. */
export function Overview({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const { notes, reference_only: referenceOnly } = report;
  // The evaluator puts the remark on small data sets first.
  const reference = referenceOnly ? notes[0] : undefined;
  const others = referenceOnly ? notes.slice(1) : notes;
  return (
    <Card className="overview">
      <Alert
        type={toneOf(report)}
        showIcon
        className="conclusion"
        data-testid="conclusion"
        title={report.conclusion}
      />
      {reference !== undefined && (
        <Alert
          type="warning"
          banner
          className="reference-only"
          data-testid="reference-only"
          title={reference}
        />
      )}
      <Figures report={report} />
      <Typography.Text type="secondary">
        {hasThreshold(report)
          ? words.report.basis(report.images, report.iou_threshold.toFixed(2))
          : words.report.basisOfClasses(report.images)}
      </Typography.Text>
      <ul className="notes">
        {others.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </Card>
  );
}

/** A model is good only when the detection rate and the precision are both good, and a reader reads well, too. */
function toneOf({ average_detection_rate: rate, precision, overall }: Report): Tone {
  if (rate === null) return "info";
  const read = "exact_match" in overall ? [overall.exact_match] : [];
  const good = [rate, precision, ...read].map((figure) => (figure ?? 0) >= FACTS.low_rate);
  if (good.every(Boolean)) return "success";
  return good.some(Boolean) ? "warning" : "error";
}

function Figures({ report }: { readonly report: Report }): ReactNode {
  if (report.kind === "classification") return <ClassHeadline report={report} />;
  if (report.kind === "semantic_segmentation") return <PixelHeadline report={report} />;
  if (report.kind === "ocr") return <TextHeadline report={report} />;
  return <Headline report={report} />;
}

/** Precision, recall and F1 stand at the threshold with the best F1, the rate at the one in force. */
function Headline({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const best = report.recommendations.find(({ answer }) => answer === "balanced");
  const at = best === undefined ? "" : words.report.atBest(onGrid(best.threshold).toFixed(2));
  const f1 = best === undefined ? report.f1 : meanF1At(report.curves, best.threshold);
  const { intervals } = report;
  return (
    <div className="figures">
      <Figure
        name={words.report.rate}
        note={words.report.atThreshold(onGrid(report.threshold).toFixed(2))}
        help={`${words.train.rateHelp} ${words.report.macro(percent(report.average_detection_rate_macro))}`}
        value={percent(report.average_detection_rate)}
        interval={range(intervals["average_detection_rate"])}
        strong
      />
      <Figure
        name="mAP@0.5"
        help={words.report.mapHelp}
        value={percent(report.map_50)}
        interval={range(intervals["map_50"])}
      />
      <Figure
        name="mAP@0.5:0.95"
        help={words.report.mapRangeHelp}
        value={percent(report.map_50_95)}
        interval={range(intervals["map"])}
      />
      <Figure
        name={words.report.precision}
        note={at}
        help={words.report.precisionHelp}
        value={percent(best?.precision ?? report.precision)}
        interval={range(intervals["precision"])}
      />
      <Figure
        name={words.report.recall}
        note={at}
        help={words.report.recallHelp}
        value={percent(best?.recall ?? report.recall)}
        interval={range(intervals["recall"])}
      />
      <Figure name="F1" note={at} help={words.report.f1Help} value={decimal(f1)} interval={decimalRange(intervals["f1"])} />
      <Figure name={words.report.fps} help={words.report.fpsHelp} value={decimal(report.fps, 1)} />
    </div>
  );
}

const RANKS = ["top_1", "top_2", "top_3", "top_4", "top_5"] as const;

/** Accuracy, also of the best few labels, and the means over labels. */
function ClassHeadline({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const { intervals } = report;
  const overall: Readonly<Record<string, number | null | undefined>> = { ...report.overall };
  const further = RANKS.slice(1).filter((rank) => overall[rank] != null);
  return (
    <div className="figures">
      <Figure
        name={words.report.accuracy}
        help={`${words.report.accuracyHelp} ${words.report.macro(percent(report.average_detection_rate_macro))}`}
        value={percent(report.average_detection_rate)}
        interval={range(intervals["average_detection_rate"])}
        strong
      />
      {further.map((rank) => (
        <Figure
          key={rank}
          name={words.report.topK(RANKS.indexOf(rank) + 1)}
          help={words.report.topKHelp}
          value={percent(overall[rank])}
          interval={range(intervals[rank])}
        />
      ))}
      <Figure
        name={words.report.precision}
        help={words.report.precisionOfClassesHelp}
        value={percent(report.precision)}
        interval={range(intervals["precision"])}
      />
      <Figure
        name={words.report.recall}
        help={words.report.recallOfClassesHelp}
        value={percent(report.recall)}
        interval={range(intervals["recall"])}
      />
      <Figure name="F1" help={words.report.f1Help} value={decimal(report.f1)} interval={decimalRange(intervals["f1"])} />
      <Figure name={words.report.fps} help={words.report.fpsHelp} value={decimal(report.fps, 1)} />
    </div>
  );
}

/** Overlap of pixels; objects are connected parts of one label. */
function PixelHeadline({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const { intervals } = report;
  const overall: Readonly<Record<string, number | null | undefined>> = { ...report.overall };
  const shared = (name: string): { value: string; interval: string } => ({
    value: percent(overall[name] ?? null),
    interval: range(intervals[name]),
  });
  return (
    <div className="figures">
      <Figure name={words.report.meanIou} help={words.report.meanIouHelp} {...shared("mean_iou")} strong />
      <Figure
        name={words.report.rate}
        help={`${words.report.partsHelp} ${words.report.macro(percent(report.average_detection_rate_macro))}`}
        {...shared("average_detection_rate")}
      />
      <Figure name={words.report.precision} help={words.report.partsHelp} {...shared("precision")} />
      <Figure name="Dice" help={words.report.diceHelp} {...shared("mean_dice")} />
      <Figure name={words.report.outlines} help={words.report.outlinesHelp} {...shared("mean_boundary_f")} />
      <Figure name={words.report.pixels} help={words.report.pixelsHelp} {...shared("pixel_accuracy")} />
      <Figure name={words.report.fps} help={words.report.fpsHelp} value={decimal(report.fps, 1)} />
    </div>
  );
}

/** Where lines are, and what they say; all at the threshold with the best F1. */
function TextHeadline({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const { intervals } = report;
  const overall: Readonly<Record<string, number | null | undefined>> = { ...report.overall };
  const note = words.report.atThreshold(onGrid(report.threshold).toFixed(2));
  const shared = (name: string): { note: string; value: string; interval: string } => ({
    note,
    value: percent(overall[name]),
    interval: range(intervals[name]),
  });
  return (
    <div className="figures">
      <Figure name={words.report.exactLines} help={words.report.exactLinesHelp} {...shared("exact_match")} strong />
      <Figure name={words.report.cer} help={words.report.cerHelp} {...shared("cer")} />
      <Figure name={words.report.cerOfAll} help={words.report.cerOfAllHelp} {...shared("cer_end_to_end")} />
      <Figure name={words.report.lineF1} help={words.report.lineF1Help} {...shared("f1")} />
      <Figure name={words.report.precision} help={words.report.linesHelp} {...shared("precision")} />
      <Figure name={words.report.recall} help={words.report.linesHelp} {...shared("recall")} />
      <Figure name={words.report.fps} help={words.report.fpsHelp} value={decimal(report.fps, 1)} />
    </div>
  );
}

interface FigureProps {
  readonly name: string;
  readonly help: string;
  readonly value: string;
  readonly note?: string;
  readonly interval?: string;
  readonly strong?: boolean;
}

function Figure({ name, help, value, note = "", interval = "", strong = false }: FigureProps): ReactNode {
  const words = useWords();
  return (
    <div className={strong ? "figure figure-strong" : "figure"}>
      <Statistic
        title={
          <>
            {name} <HelpTip title={name} text={help} />
          </>
        }
        value={value}
      />
      {interval !== "" && (
        <span className="figure-note" title={words.report.intervalHelp}>
          {interval}
        </span>
      )}
      <span className="figure-note">{note}</span>
    </div>
  );
}
