import { Progress } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";

interface Props {
  /** Between these longest sides, in px, objects are counted. */
  readonly bounds: readonly number[];
  readonly sizes: readonly number[];
}

/** How many objects are how long. */
export function SizeBars({ bounds, sizes }: Props): ReactNode {
  const words = useWords();
  const most = Math.max(1, ...sizes);
  return (
    <figure>
      <figcaption>{words.statistics.sizes}</figcaption>
      <ul className="statistics-sizes">
        {sizes.map((count, place) => {
          const name = words.statistics.between(bounds[place - 1], bounds[place]);
          return (
            <li key={name}>
              <span>{name}</span>
              <Progress percent={(100 * count) / most} status="normal" showInfo={false} aria-label={name} />
              <b>{count}</b>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}
