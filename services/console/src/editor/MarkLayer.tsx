import { memo, useMemo, type ReactNode } from "react";
import { shortened } from "../ui/shortened";
import { inkOn } from "../ui/theme";
import { captioned } from "./captions";
import { bounds } from "./geometry";
import { usePainted } from "./layers";
import type { Mark } from "./marks";
import { maskPaths, type Rle } from "./masks";

export const CAPTION_HEIGHT = 18;
const DASHES = "6 4";

interface Props {
  readonly marks: readonly Mark[];
  readonly captions: boolean;
  /** A caption nearer to the image's top than so many image pixels is put inside its mark. */
  readonly headroom: number;
}

/** Marks in image pixels; lines and captions keep their size by themselves. */
export const MarkLayer = memo(function MarkLayer({ marks, captions, headroom }: Props): ReactNode {
  const painted = usePainted();
  const named = useMemo(() => marks.map(({ id, outline, atHand = false }) => ({ id, around: bounds(outline), first: atHand })), [marks]);
  const shown = captioned(named, painted);
  return marks.map((mark) => (
    <OneMark key={mark.id} mark={mark} captions={captions && shown.has(mark.id)} headroom={headroom} />
  ));
});

interface MarkProps {
  readonly mark: Mark;
  readonly captions: boolean;
  readonly headroom: number;
}

const OneMark = memo(function OneMark({ mark, captions, headroom }: MarkProps): ReactNode {
  if (mark.outline.length === 0) return null;
  const ys = mark.outline.map(([, y]) => y);
  return (
    <g className={mark.atHand === true ? "mark mark-at-hand" : "mark"} color={mark.colour}>
      {mark.mask ? (
        <MaskArea mask={mark.mask} colour={mark.colour} dashed={mark.dashed === true} />
      ) : (
        <polygon
          points={mark.outline.map(([x, y]) => `${x},${y}`).join(" ")}
          stroke={mark.colour}
          strokeDasharray={mark.dashed === true ? DASHES : undefined}
        />
      )}
      {captions && mark.caption !== undefined && (
        <Caption
          text={mark.caption}
          x={Math.min(...mark.outline.map(([x]) => x))}
          y={mark.captionBelow === true ? Math.max(...ys) : Math.min(...ys)}
          colour={mark.colour}
          inside={mark.captionBelow === true || Math.min(...ys) < headroom}
        />
      )}
    </g>
  );
});

interface MaskProps {
  readonly mask: Rle;
  readonly colour: string;
  readonly dashed: boolean;
}

/** A mask pixel by pixel: what is under it stays visible, its edge keeps its width at every zoom. */
function MaskArea({ mask, colour, dashed }: MaskProps): ReactNode {
  const paths = useMemo(() => maskPaths(mask), [mask]);
  return (
    <g className="mask">
      <path d={paths.area} fill={colour} />
      <path d={paths.edge} stroke={colour} strokeDasharray={dashed ? DASHES : undefined} />
    </g>
  );
}

interface CaptionProps {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  /** Hang down from the point instead of standing on it. */
  readonly inside: boolean;
}

/** Rough width of a character at the caption's size; Chinese ones are twice as wide as Latin ones. */
function captionWidth(text: string): number {
  let width = 10;
  for (const character of text) width += (character.codePointAt(0) ?? 0) > 0x2e80 ? 12 : 6.6;
  return width;
}

export function Caption({ text, x, y, colour, inside }: CaptionProps): ReactNode {
  const shown = shortened(text);
  return (
    <g transform={`translate(${x}, ${y})`} className="caption">
      <g className="caption-body">
        <rect y={inside ? 0 : -CAPTION_HEIGHT} width={captionWidth(shown)} height={CAPTION_HEIGHT} fill={colour} rx={3} />
        <text x={5} y={inside ? 13 : 13 - CAPTION_HEIGHT} fill={inkOn(colour)}>
          {shown}
        </text>
      </g>
    </g>
  );
}
