import { Empty, Pagination, Segmented, Typography } from "antd";
import { useState, type ReactNode } from "react";
import type { ChangedLine, Comparison } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { LineTile } from "./LinesCard";
import { ReadText } from "./ReadText";

const LINES_A_PAGE = 6;
type Way = "better" | "worse";

/** The lines that the second version reads better than the first, and those it reads worse. */
export function ChangedLines({ comparison }: { readonly comparison: Comparison }): ReactNode {
  const words = useWords();
  const { lines } = comparison;
  const [chosen, setChosen] = useState<Way | null>(null);
  const [page, setPage] = useState(1);
  if (lines == null) return null;
  const way = chosen ?? (lines.worse > 0 ? "worse" : "better");
  const samples = lines.samples.filter((one) => wayOf(one) === way);
  return (
    <div className="changed-lines">
      <Segmented<Way>
        value={way}
        onChange={(next) => {
          setChosen(next);
          setPage(1);
        }}
        options={(["worse", "better"] as const).map((value) => ({
          value,
          label: words.report.changedLines[value](lines[value]),
        }))}
      />
      {samples.length === 0 && <Empty description={words.report.noChangedLines[way]} />}
      {samples.length < lines[way] && (
        <Typography.Paragraph type="secondary">{words.report.linesCut(samples.length, lines[way])}</Typography.Paragraph>
      )}
      <div className="line-grid" data-testid="changed-lines">
        {samples.slice((page - 1) * LINES_A_PAGE, page * LINES_A_PAGE).map((line) => (
          <ChangedTile key={JSON.stringify([line.image_id, line.box])} line={line} comparison={comparison} />
        ))}
      </div>
      <Pagination
        current={page}
        pageSize={LINES_A_PAGE}
        total={samples.length}
        onChange={setPage}
        align="end"
        hideOnSinglePage
        showSizeChanger={false}
      />
    </div>
  );
}

function wayOf({ errors_before: before, errors_now: now }: ChangedLine): Way {
  return now < before ? "better" : "worse";
}

interface TileProps {
  readonly line: ChangedLine;
  readonly comparison: Comparison;
}

function ChangedTile({ line, comparison: { first, second } }: TileProps): ReactNode {
  const words = useWords();
  const truth = line.now.map((part) => ({ ...part, wrong: false }));
  return (
    <LineTile line={line}>
      <dl className="line-texts">
        <dt>{words.report.signThere}</dt>
        <dd>
          <ReadText parts={truth} side="truth" nothing="" />
        </dd>
        <dt>{first}</dt>
        <dd>
          <ReadText parts={line.before} side="read" nothing={words.report.lineNotFound} />
        </dd>
        <dt>{second}</dt>
        <dd>
          <ReadText parts={line.now} side="read" nothing={words.report.lineNotFound} />
        </dd>
      </dl>
      <div className="line-facts">
        <Typography.Text type="secondary">{words.report.signsMoved(line.errors_before, line.errors_now)}</Typography.Text>
      </div>
    </LineTile>
  );
}
