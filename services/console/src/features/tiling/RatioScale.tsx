import type { ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import { useWords } from "../../i18n/language";

/** Up to here a target is recognised well, and up to there a higher resolution helps (the manual). */
const { recognised: WELL, resolution_helps: RAISED } = FACTS.area_ratio;
/** The scale is logarithmic from here to there. */
const [FROM, TO] = [10, 1_000_000];

export function share(ratio: number): number {
  const place = (Math.log10(ratio) - Math.log10(FROM)) / (Math.log10(TO) - Math.log10(FROM));
  return Math.min(1, Math.max(0, place));
}

/** Where the ratio of image to smallest target stands between "well" and "must be cut". */
export function RatioScale({ ratio }: { readonly ratio: number }): ReactNode {
  const words = useWords();
  const [well, raised] = [share(WELL), share(RAISED)];
  const bands = [
    { key: "keep", width: well, word: words.tiling.bands.keep },
    { key: "raise", width: raised - well, word: "" },
    { key: "tile", width: 1 - raised, word: words.tiling.bands.tile },
  ];
  return (
    <div className="ratio" data-testid="area-ratio">
      <div>
        {words.tiling.ratio} <strong>{Math.round(ratio).toLocaleString()}</strong>
      </div>
      <div className="ratio-scale">
        {bands.map(({ key, width, word }) => (
          <span key={key} className={`ratio-band ratio-${key}`} style={{ width: `${width * 100}%` }}>
            {word}
          </span>
        ))}
        <span className="ratio-here" style={{ left: `${share(ratio) * 100}%` }} />
      </div>
      <div className="ratio-marks">
        <span style={{ left: `${well * 100}%` }}>{WELL}</span>
        <span style={{ left: `${raised * 100}%` }}>{RAISED}</span>
      </div>
    </div>
  );
}
