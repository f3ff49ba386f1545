import { Card, Empty, Select, Typography } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Report } from "../../api/evaluator";
import { thumbnailPath } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { Thumbnail } from "../../ui/Thumbnail";
import { useProject } from "../projects/useProject";

interface Props {
  readonly report: Report;
  readonly label: string | null;
  readonly onLabel: (label: string | null) => void;
}

/** Images that got a wrong label, the surest mistakes of each label first; each opens its annotation. */
export function MistakenCard({ report, label, onLabel }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const { samples = [], counts = {} } = report.details.errors ?? {};
  const shown = samples.filter(({ true_label: truth }) => label === null || truth === label);
  const all = label === null ? Object.values(counts).reduce((sum, one) => sum + one, 0) : (counts[label] ?? 0);
  return (
    <Card
      title={words.report.errors}
      extra={
        <Select
          value={label ?? ""}
          className="error-label"
          aria-label={words.report.label}
          popupMatchSelectWidth={false}
          onChange={(chosen) => onLabel(chosen === "" ? null : chosen)}
          options={[
            { value: "", label: words.report.everyLabel },
            ...report.labels.map(({ label: name }) => ({ value: name, label: name })),
          ]}
        />
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
