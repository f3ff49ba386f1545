import { Empty } from "antd";
import type { CSSProperties, ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { Section } from "../../ui/Section";
import { countsObjects } from "./operatingPoint";
import type { Cell } from "./reportView";

interface Props {
  readonly report: Report;
  /** Shows the images of a cell; absent where a matrix does not count images or objects. */
  readonly onCell?: (cell: Cell) => void;
}

/** Which label was taken for which; beside objects the last row and column stand for "nothing there". */
export function ConfusionCard({ report, onCell }: Props): ReactNode {
  const words = useWords();
  const { confusion } = report;
  const help = report.kind === "classification" ? words.report.confusionOfClassesHelp : words.report.confusionHelp;
  // A classifier always says one of its labels: its matrix has no row and column for nothing.
  const background = countsObjects(report) ? confusion.labels.length - 1 : confusion.labels.length;
  // A matrix of nothing but "nothing there" has no label; one of a single label is a matrix.
  if (background <= 0) {
    return (
      <Section name="confusion" title={words.report.confusion} help={help}>
        <Empty description={words.common.noData} />
      </Section>
    );
  }
  const nameOf = (place: number): string => (place === background ? "" : (confusion.labels[place] ?? ""));
  const rowName = (row: number): string => nameOf(row) || words.report.nothingThere;
  const columnName = (column: number): string => nameOf(column) || words.report.notFound;
  return (
    <Section name="confusion" title={words.report.confusion} help={help}>
      <div className="confusion-scroll">
        <table className="confusion">
          <thead>
            <tr>
              <th className="confusion-corner">
                <span>{words.report.truth}</span> ↓ / <span>{words.report.prediction}</span> →
              </th>
              {confusion.matrix.map((_, column) => (
                <th key={columnName(column)} title={columnName(column)}>
                  <span className="one-line label-cell">{columnName(column)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {confusion.matrix.map((cells, row) => (
              <tr key={rowName(row)}>
                <th title={rowName(row)}>
                  <span className="one-line label-cell">{rowName(row)}</span>
                </th>
                {cells.map((count, column) => {
                  const empty = row === background && column === background;
                  // What a classifier got right is listed nowhere.
                  const isListed = count > 0 && (countsObjects(report) || row !== column);
                  return (
                    <td
                      key={columnName(column)}
                      style={shade(count, cells, row === column)}
                      title={`${rowName(row)} → ${columnName(column)}: ${count}`}
                    >
                      {onCell === undefined || !isListed ? (
                        !empty && count
                      ) : (
                        <button
                          type="button"
                          className="confusion-cell"
                          aria-label={words.report.showCell(rowName(row), columnName(column), count)}
                          onClick={() => onCell({ truth: nameOf(row), predicted: nameOf(column) })}
                        >
                          {count}
                        </button>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {report.most_confused.length > 0 && (
        <ul className="notes" data-testid="most-confused">
          {report.most_confused.map(({ truth, predicted, count }) => (
            <li key={`${truth} ${predicted}`}>{words.report.takenFor(truth, predicted, count)}</li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Deeper where more of the row's objects went: teal on the diagonal, red off it. */
function shade(count: number, row: readonly number[], right: boolean): CSSProperties {
  const all = row.reduce((sum, one) => sum + one, 0);
  if (count === 0 || all === 0) return {};
  const depth = 0.12 + 0.6 * (count / all);
  return { background: right ? `rgba(14, 116, 144, ${depth})` : `rgba(240, 62, 62, ${depth})` };
}
