import type { ReactNode } from "react";
import type { PreviewTile } from "../../api/tiling";
import { useWords } from "../../i18n/language";
import { resolution } from "../../ui/format";

/** The longer side of the drawing. */
const SIDE = 520;
const HEIGHT = 380;
/** A number in a tile narrower than this could not be read. */
const NUMBERED_FROM = 22;
/** A target drawn smaller than this could not be seen. */
const LEAST_TARGET = 2;

interface Props {
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly PreviewTile[];
  /** Side of a square as large as the smallest target, in image pixels. */
  readonly target: number | null;
}

/** How an image is cut, to scale, tiles numbered row by row, with the smallest target beside it. */
export function CutPreview({ width, height, tiles, target }: Props): ReactNode {
  const words = useWords();
  const scale = Math.min(SIDE / width, HEIGHT / height);
  const dot = target === null ? 0 : Math.max(LEAST_TARGET, target * scale);
  return (
    <figure className="cut-preview">
      <svg
        width={width * scale + 2}
        height={height * scale + 2}
        role="img"
        aria-label={words.tiling.previewOf(tiles.length)}
        data-testid="cut-preview"
      >
        {tiles.map((tile) => (
          <g key={tile.number} transform={`translate(${tile.x * scale + 1}, ${tile.y * scale + 1})`}>
            <rect width={tile.width * scale} height={tile.height * scale} className="cut-tile" />
            {Math.min(tile.width, tile.height) * scale >= NUMBERED_FROM && (
              <text
                x={(tile.width * scale) / 2}
                y={(tile.height * scale) / 2}
                dominantBaseline="central"
                textAnchor="middle"
              >
                {tile.number}
              </text>
            )}
          </g>
        ))}
        {target !== null && (
          <rect x={8} y={8} width={dot} height={dot} className="cut-target">
            <title>{words.tiling.targetToScale}</title>
          </rect>
        )}
      </svg>
      <figcaption>
        {words.tiling.caption(resolution(width, height), tiles.length)}
        {target !== null && (
          <>
            {" "}
            <span className="cut-key" /> {words.tiling.targetToScale}
          </>
        )}
      </figcaption>
    </figure>
  );
}
