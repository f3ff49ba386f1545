/** The layers of a stage. Lines are painted where the picture rests; while it moves, what is painted is moved with it. */
import { createContext, useContext, useMemo, type CSSProperties, type ReactNode } from "react";
import type { Size } from "./geometry";
import type { View } from "./viewport";

/** What still layers are painted for. */
export interface Painted {
  readonly still: View;
  readonly stage: Size;
}

interface Props {
  readonly children: ReactNode;
}

const UNMOVED: View = { scale: 1, x: 0, y: 0 };
const SHOWN = createContext<View>(UNMOVED);
const PAINTED = createContext<Painted>({ still: UNMOVED, stage: { width: 0, height: 0 } });

/** Tells the layers below what is shown, and what they are painted for: the one changes with each turn of the wheel. */
export function Layers({ view, still, stage, children }: Props & Painted & { readonly view: View }): ReactNode {
  const painted = useMemo(() => ({ still, stage }), [still, stage]);
  return (
    <PAINTED value={painted}>
      <SHOWN value={view}>{children}</SHOWN>
    </PAINTED>
  );
}

export function usePainted(): Painted {
  return useContext(PAINTED);
}

/** What lies on the picture, in image pixels; however much it is, moving and zooming paint nothing anew. */
export function StillLayer({ children }: Props): ReactNode {
  const { still } = usePainted();
  return (
    <svg className="stage-still" style={{ transform: movedTo(useContext(SHOWN), still) }}>
      <InImage view={still}>{children}</InImage>
    </svg>
  );
}

/** What a hand is at, in image pixels: painted for itself, as often as the pointer moves. */
export function HandLayer({ children }: Props): ReactNode {
  return (
    <svg className="stage-hand">
      <InImage view={useContext(SHOWN)}>{children}</InImage>
    </svg>
  );
}

/** What must not grow with the image (captions, handles) is scaled back by its style. */
function InImage({ view: { scale, x, y }, children }: Props & { readonly view: View }): ReactNode {
  return (
    <g transform={`translate(${x}, ${y}) scale(${scale})`} style={{ "--unscale": 1 / scale } as CSSProperties}>
      {children}
    </g>
  );
}

/** The transform that brings what was painted for one view to another. */
function movedTo(view: View, painted: View): string {
  const ratio = painted.scale === 0 ? 1 : view.scale / painted.scale;
  return `translate(${view.x - painted.x * ratio}px, ${view.y - painted.y * ratio}px) scale(${ratio})`;
}
