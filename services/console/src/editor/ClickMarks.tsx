import type { ReactNode } from "react";
import type { Click } from "./pointing";

/** Where a person clicked: a plus inside of the object, a minus outside; as large at every zoom. */
export function ClickMarks({ clicks }: { readonly clicks: readonly Click[] }): ReactNode {
  return clicks.map(({ at: [x, y], inside }, place) => (
    <g key={place} transform={`translate(${x}, ${y})`}>
      <g className={inside ? "editor-click" : "editor-click editor-click-out"}>
        <circle r={6} />
        <path d={inside ? "M-3 0H3M0 -3V3" : "M-3 0H3"} />
      </g>
    </g>
  ));
}
