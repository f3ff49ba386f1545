import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";

/** More cells than this and the numbers could not be read. */
const NUMBERED_UP_TO = 100;

interface Props {
  readonly rows: number | null | undefined;
  readonly columns: number | null | undefined;
}

/** The cut as it will be made, tiles numbered row by row; nothing while a number is missing. */
export function TileGridPreview({ rows, columns }: Props): ReactNode {
  const words = useWords();
  if (!rows || !columns) {
    return (
      <figure className="tile-preview">
        <figcaption>{words.projects.gridUnknown}</figcaption>
      </figure>
    );
  }
  const cells = Array.from({ length: rows * columns }, (_, place) => place + 1);
  return (
    <figure className="tile-preview">
      <div
        className="tile-preview-grid"
        style={{ gridTemplateColumns: `repeat(${columns}, 1fr)`, gridTemplateRows: `repeat(${rows}, 1fr)` }}
        data-testid="tile-preview"
      >
        {cells.map((cell) => (
          <span key={cell}>{cells.length <= NUMBERED_UP_TO ? cell : ""}</span>
        ))}
      </div>
      <figcaption>{words.projects.gridCaption(rows, columns)}</figcaption>
    </figure>
  );
}
