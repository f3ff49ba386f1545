import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";

interface Props {
  /** Fields each way. */
  readonly grid: number;
  /** Objects by the field in which their centre lies, row by row. */
  readonly places: readonly number[];
}

/** Where in their images objects lie; the fuller a field, the darker. */
export function PlaceMap({ grid, places }: Props): ReactNode {
  const words = useWords();
  const most = Math.max(1, ...places);
  return (
    <figure>
      <figcaption>{words.statistics.places}</figcaption>
      <svg className="statistics-map" viewBox={`0 0 ${grid} ${grid}`} role="img" aria-label={words.statistics.placesAre(most)}>
        {places.map((count, place) => (
          <rect
            key={place}
            x={place % grid}
            y={Math.floor(place / grid)}
            width="1"
            height="1"
            fillOpacity={count / most}
          >
            <title>{count}</title>
          </rect>
        ))}
      </svg>
    </figure>
  );
}
