import { WarningFilled } from "@ant-design/icons";
import { Button, Card, Popover, Table } from "antd";
import type { TableColumnsType } from "antd";
import type { ReactNode } from "react";
import type { LabelResult, LabelWarning, Report } from "../../api/evaluator";
import { useWords, type Words } from "../../i18n/language";
import { percent } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { countsAt, figures, NOTHING } from "./operatingPoint";
import { warningsAt } from "./warnings";

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
      <Table<LabelResult>
        rowKey="label"
        size="middle"
        pagination={false}
        dataSource={rows}
        columns={columnsOf(words, onDetails)}
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

function rowsAt(report: Report, threshold: number): LabelResult[] {
  const { curves, labels } = report;
  return labels
    .map((result) => {
      const curve = curves.find(({ label }) => label === result.label);
      const now = figures(curve === undefined ? NOTHING : countsAt(curve, threshold));
      return {
        ...result,
        detection_rate: now.recall,
        precision: now.precision,
        warnings: warningsAt(now.recall, result.warnings),
      };
    })
    .sort((a, b) => (b.detection_rate ?? -1) - (a.detection_rate ?? -1));
}

function columnsOf(
  words: Words,
  onDetails: (label: string) => void,
): TableColumnsType<LabelResult> {
  const marked = (row: LabelResult, warning: LabelWarning, text: ReactNode): ReactNode => (
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
    { title: words.report.label, dataIndex: "label", key: "label" },
    {
      title: words.report.detectionRate,
      key: "rate",
      render: (_, row) => marked(row, "rate", percent(row.detection_rate)),
    },
    { title: words.report.ap, key: "ap", render: (_, row) => marked(row, "metric", percent(row.average_precision)) },
    { title: words.report.precision, key: "precision", render: (_, row) => percent(row.precision) },
    { title: words.report.share, key: "share", render: (_, row) => marked(row, "share", percent(row.share)) },
    { title: words.report.count, key: "count", render: (_, row) => marked(row, "count", row.count) },
    {
      title: words.report.details,
      key: "details",
      render: (_, { label }) => (
        <Button type="link" size="small" className="cell-link" onClick={() => onDetails(label)}>
          {words.common.view}
        </Button>
      ),
    },
  ];
}
