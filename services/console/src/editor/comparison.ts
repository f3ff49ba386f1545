/** How a drawing of before differs from the one of now, shape by shape. */
import type { Colours } from "../ui/theme";
import type { Mark } from "./marks";
import { colourOf, nameOf } from "./ShapeLayer";
import { isImageLabel, isSame, outlineOf, type Drawing, type EditedShape } from "./shapes";

export interface Difference {
  /** Was there and is no more. */
  readonly gone: readonly EditedShape[];
  /** Is there in another form, or says something else: as it was. */
  readonly changed: readonly EditedShape[];
  /** Came since. */
  readonly added: readonly EditedShape[];
}

/** What became of the shapes of before; they are told by their ids, ignore regions, which have none, by their form. */
export function difference(before: Drawing, now: Drawing): Difference {
  const [then, here] = [byId(before), byId(now)];
  const gone: EditedShape[] = [];
  const changed: EditedShape[] = [];
  for (const [id, shape] of then) {
    const other = here.get(id);
    if (other === undefined) gone.push(shape);
    else if (!isSame(shape, other)) changed.push(shape);
  }
  return { gone, changed, added: [...here].flatMap(([id, shape]) => (then.has(id) ? [] : [shape])) };
}

function byId({ shapes }: Drawing): ReadonlyMap<string, EditedShape> {
  return new Map(shapes.map((shape) => [isImageLabel(shape) ? "whole" : shape.kind === "ignore" ? shape.points.join(" ") : shape.id, shape]));
}

interface Said {
  readonly ignored: string;
  readonly then: (name: string) => string;
  readonly since: (name: string) => string;
}

/** The difference on the picture: what was, dashed, over what is, and a word at what came since. */
export function differenceMarks({ gone, changed, added }: Difference, colours: Colours, said: Said): readonly Mark[] {
  const mark = (shape: EditedShape, caption: (name: string) => string, dashed: boolean): Mark => ({
    id: `${dashed ? "then" : "since"} ${shape.id}`,
    outline: outlineOf(shape),
    mask: shape.rle,
    colour: colourOf(shape, colours),
    caption: caption(nameOf(shape, said.ignored)),
    captionBelow: true,
    dashed,
  });
  return [...added.map((shape) => mark(shape, said.since, false)), ...[...changed, ...gone].map((shape) => mark(shape, said.then, true))];
}
