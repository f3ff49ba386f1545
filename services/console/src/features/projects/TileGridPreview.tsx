import type { ReactNode } from "react";
import type { Grid } from "../../api/workspace";
import { useWords } from "../../i18n/language";

/** More cells than this and the numbers could not be read. */
const NUMBERED_UP_TO = 100;

/** The cut as it will be made, tiles numbered row by row. */
export function TileGridPreview({ rows, columns }: Pick<Grid, "rows" | "columns">): ReactNode {
  const words = useWords();
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
