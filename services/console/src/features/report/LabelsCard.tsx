import { WarningFilled } from "@ant-design/icons";
import { Button, Card, Popover, Table, Tooltip } from "antd";
import type { TableColumnsType } from "antd";
import type { ReactNode } from "react";
import type { Interval, LabelResult, LabelWarning, Report } from "../../api/evaluator";
import { useWords, type Words } from "../../i18n/language";
import { percent, range } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { onGrid } from "../../ui/onGrid";
import { countsAt, figures, hasThreshold, NOTHING } from "./operatingPoint";
import { warningsAt } from "./warnings";

/** A row at the threshold of the slider; the interval holds at the report's own threshold only. */
interface Row extends LabelResult {
  readonly interval: Interval | undefined;
}

type ColumnType = TableColumnsType<Row>[number];

interface Props {
  readonly report: Report;
  readonly threshold: number;
  readonly onDetails: (label: string) => void;
}

/** One row a label, best rate first, with a mark on every figure that needs work and what to do. */
export function LabelsCard({ report, threshold, onDetails }: Props): ReactNode {
  const words = useWords();
  const rows = rowsAt(report, threshold);
  const marked = rows.filter(({ warnings }) => warnings.length > 0);
  return (
    <Card
      title={
        <>
          {words.report.labels} <HelpTip title={words.report.labels} text={words.report.labelsHelp} />
        </>
      }
    >
      <Table<Row>
        rowKey="label"
        size="middle"
        pagination={false}
        scroll={{ x: "max-content" }}
        dataSource={rows}
        columns={columnsOf(report, words, onDetails)}
      />
      {marked.length > 0 && (
        <ul className="label-advice" data-testid="label-advice">
          {marked.map(({ label, advice }) => (
            <li key={label}>
              <WarningFilled className="warning-mark" /> {advice}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function rowsAt(report: Report, threshold: number): Row[] {
  const { curves, labels } = report;
  const own = threshold === onGrid(report.threshold);
  return labels
    .map((result) => {
      const curve = curves.find(({ label }) => label === result.label);
      // Where there is no threshold the figures stand as they came.
      if (!hasThreshold(report)) return { ...result, interval: result.intervals["recall"] };
      const now = figures(curve === undefined ? NOTHING : countsAt(curve, threshold));
      return {
        ...result,
        detection_rate: now.recall,
        precision: now.precision,
        warnings: warningsAt(now.recall, result.warnings),
        interval: own ? result.intervals["recall"] : undefined,
      };
    })
    .sort((a, b) => (b.detection_rate ?? -1) - (a.detection_rate ?? -1));
}

function columnsOf(
  report: Report,
  words: Words,
  onDetails: (label: string) => void,
): TableColumnsType<Row> {
  const ofClasses = report.kind === "classification";
  const segments = report.kind === "semantic_segmentation";
  const marked = (row: Row, warning: LabelWarning, text: ReactNode): ReactNode => (
    <span className="marked">
      {text}
      {row.warnings.includes(warning) && (
        <Popover content={<div className="help-text">{words.report.warnings[warning]}</div>}>
          <WarningFilled className="warning-mark" tabIndex={0} data-testid={`warning-${warning}`} />
        </Popover>
      )}
    </span>
  );
  return [
    {
      title: words.report.label,
      key: "label",
      fixed: "left",
      width: 180,
      render: (_, { label }) => (
        <span className="one-line label-cell" title={label}>
          {label}
        </span>
      ),
    },
    {
      title: words.report.detectionRate,
      key: "rate",
      render: (_, row) => (
        <>
          {marked(row, "rate", percent(row.detection_rate))}
          <div className="figure-note" title={words.report.intervalHelp}>
            {range(row.interval)}
          </div>
        </>
      ),
    },
    segments
      ? { title: "IoU", key: "iou", render: (_, { label }) => percent(report.details.labels?.[label]?.iou ?? null) }
      : { title: words.report.ap, key: "ap", render: (_, row) => marked(row, "metric", percent(row.average_precision)) },
    { title: words.report.precision, key: "precision", render: (_, row) => percent(row.precision) },
    { title: words.report.share, key: "share", render: (_, row) => marked(row, "share", percent(row.share)) },
    {
      title: (
        <>
          {words.report.evaluated} <HelpTip title={words.report.evaluated} text={ofClasses ? words.report.evaluatedOfClassesHelp : words.report.evaluatedHelp} />
        </>
      ),
      key: "evaluated",
      render: (_, row) => row.evaluated,
    },
    { title: words.report.count, key: "count", render: (_, row) => marked(row, "count", row.count) },
    {
      title: (
        <>
          {words.report.more} <HelpTip title={words.report.more} text={words.report.moreHelp} />
        </>
      ),
      key: "more",
      render: (_, row) => more(row, words),
    },
    ...(hasThreshold(report) ? [thresholdColumn(words)] : []),
    detailsColumn(words, onDetails),
  ];
}

function thresholdColumn(words: Words): ColumnType {
  return {
    title: (
      <>
        {words.report.labelThreshold}{" "}
        <HelpTip title={words.report.labelThreshold} text={words.report.labelThresholdHelp} />
      </>
    ),
    key: "threshold",
    render: (_, { thresholds }) => (
      <Tooltip
        title={words.report.labelThresholds(cut(thresholds.precision), cut(thresholds.recall))}
      >
        <span className="explained">{cut(thresholds.balanced)}</span>
      </Tooltip>
    ),
  };
}

function detailsColumn(words: Words, onDetails: (label: string) => void): ColumnType {
  return {
    title: words.report.details,
    key: "details",
    render: (_, { label }) => (
      <Button type="link" size="small" className="cell-link" onClick={() => onDetails(label)}>
        {words.common.view}
      </Button>
    ),
  };
}

function cut(threshold: number | null): string {
  return threshold === null ? "—" : onGrid(threshold).toFixed(2);
}

function more({ annotations_to_target: count }: Row, words: Words): string {
  if (count === null) return "—";
  return count === 0 ? words.report.enough : words.report.aboutMore(count);
}
