import { memo, useMemo, type ReactNode } from "react";
import { labelColour, type Colours } from "../ui/theme";
import { captioned } from "./captions";
import { bounds, type Point } from "./geometry";
import { usePainted } from "./layers";
import { Caption, CAPTION_HEIGHT } from "./MarkLayer";
import { maskPaths, type Rle } from "./masks";
import { around, outlineOf, type EditedShape } from "./shapes";

/** Seen on grey metal and on dark surfaces; no label has it. */
export const IGNORED_COLOUR = "#dee2e6";

export function colourOf({ kind, label }: Pick<EditedShape, "kind" | "label">, colours: Colours): string {
  return kind === "ignore" ? IGNORED_COLOUR : labelColour(colours, label);
}

/** What a shape is called on the picture and in the list. */
export function nameOf({ kind, label, text, score }: EditedShape, ignored: string, scores = true): string {
  const name = kind === "ignore" ? ignored : label;
  const said = text === null || text === "" ? name : `${name}: ${text}`;
  return score === null || !scores ? said : `${said} ${score.toFixed(2)}`;
}

interface Props {
  readonly shapes: readonly EditedShape[];
  readonly colours: Colours;
  readonly chosen: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  readonly locked: ReadonlySet<string>;
  readonly captions: boolean;
  /** Captions tell how sure the version was. */
  readonly scores?: boolean;
  readonly filled: boolean;
  readonly ignored: string;
}

/** All shapes; of five hundred only those are drawn anew that have changed. */
export const ShapeLayer = memo(function ShapeLayer(props: Props): ReactNode {
  const { shapes, colours, chosen, hidden, locked, captions, scores = true, filled, ignored } = props;
  const painted = usePainted();
  const named = shapes.filter(({ id }) => captions && !hidden.has(id));
  const shown = captioned(named.map((shape) => ({ id: shape.id, around: around(shape), first: chosen.has(shape.id) })), painted);
  return shapes.map((shape) =>
    hidden.has(shape.id) ? null : (
      <OneShape
        key={shape.id}
        shape={shape}
        colour={colourOf(shape, colours)}
        name={nameOf(shape, ignored, scores)}
        chosen={chosen.has(shape.id)}
        locked={locked.has(shape.id)}
        captions={shown.has(shape.id)}
        filled={filled}
      />
    ),
  );
});

interface OneProps {
  readonly shape: EditedShape;
  readonly colour: string;
  readonly name: string;
  readonly chosen: boolean;
  readonly locked: boolean;
  readonly captions: boolean;
  readonly filled: boolean;
}

const OneShape = memo(function OneShape({ shape, colour, name, chosen, locked, captions, filled }: OneProps): ReactNode {
  const outline = outlineOf(shape);
  const box = bounds(outline);
  if (box === null) return null;
  const state = `editor-shape${chosen ? " editor-chosen" : ""}${filled ? "" : " editor-bare"}`;
  return (
    <g className={state} data-shape={shape.id} pointerEvents={locked ? "none" : undefined} color={colour}>
      {shape.rle === null ? (
        // Areas are counted by even and odd: what runs over itself has a hole, and is shown with it.
        <polygon points={written(outline)} fillRule="evenodd" strokeDasharray={shape.kind === "ignore" ? "6 4" : undefined}>
          <title>{name}</title>
        </polygon>
      ) : (
        <MaskShape mask={shape.rle} />
      )}
      {captions && <Caption text={name} x={box[0]} y={box[1]} colour={colour} inside={box[1] < CAPTION_HEIGHT} />}
    </g>
  );
});

export function written(points: readonly Point[]): string {
  return points.map(([x, y]) => `${x},${y}`).join(" ");
}

function MaskShape({ mask }: { readonly mask: Rle }): ReactNode {
  const paths = useMemo(() => maskPaths(mask), [mask]);
  return (
    <>
      <path className="editor-mask" d={paths.area} />
      <path className="editor-mask-edge" d={paths.edge} />
    </>
  );
}
