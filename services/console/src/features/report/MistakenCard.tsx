import { Card, Empty, Select, Space, Tag, Typography } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Report } from "../../api/evaluator";
import { thumbnailPath } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { Thumbnail } from "../../ui/Thumbnail";
import { useProject } from "../projects/useProject";
import type { Cell, ReportView } from "./reportView";

interface Props {
  readonly report: Report;
  readonly label: string | null;
  readonly cell: Cell | null;
  readonly onShow: (part: Partial<ReportView>) => void;
}

/** Images that got a wrong label, the surest mistakes of each label first; each opens its annotation. */
export function MistakenCard({ report, label, cell, onShow }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const { samples = [], counts = {} } = report.details.errors ?? {};
  const shown = samples.filter(
    ({ true_label: truth, predicted_label: predicted }) =>
      cell === null ? label === null || truth === label : truth === cell.truth && predicted === cell.predicted,
  );
  const ofLabel = label === null ? Object.values(counts).reduce((sum, one) => sum + one, 0) : (counts[label] ?? 0);
  const all = cell === null ? ofLabel : counted(report, cell);
  return (
    <Card
      title={words.report.errors}
      extra={
        <Space wrap>
          {cell !== null && (
            <Tag closable onClose={() => onShow({ cell: null })} data-testid="shown-cell">
              {words.report.shownCell(cell.truth, cell.predicted)}
            </Tag>
          )}
        <Select
          value={label ?? ""}
          className="error-label"
          aria-label={words.report.label}
          popupMatchSelectWidth={false}
          onChange={(chosen) => onShow({ label: chosen === "" ? null : chosen, cell: null })}
          options={[
            { value: "", label: words.report.everyLabel },
            ...report.labels.map(({ label: name }) => ({ value: name, label: name })),
          ]}
        />
        </Space>
      }
    >
      {shown.length === 0 && <Empty description={words.report.noMistakes} />}
      {shown.length < all && (
        <Typography.Paragraph type="secondary" data-testid="mistaken-cut">
          {words.report.mistakenCut(shown.length, all)}
        </Typography.Paragraph>
      )}
      <div className="mistaken-grid" data-testid="mistaken-images">
        {shown.map(({ image_id: id, true_label: truth, predicted_label: predicted, score }) => {
          const said = words.report.mistaken(truth, predicted, percent(score));
          return (
            <figure key={id} className="error-tile">
              <Link to={`/projects/${project.id}/annotate/${id}`} title={words.report.openImage(said)}>
                <Thumbnail path={thumbnailPath(project.id, id)} alt={said} />
              </Link>
              <figcaption>
                <Typography.Text>{said}</Typography.Text>
              </figcaption>
            </figure>
          );
        })}
      </div>
    </Card>
  );
}

/** How many images a cell of the matrix counts. */
function counted({ confusion }: Report, { truth, predicted }: Cell): number {
  return confusion.matrix[confusion.labels.indexOf(truth)]?.[confusion.labels.indexOf(predicted)] ?? 0;
}
