/** Two people on one image: what both did, shape by shape, from what both began with. */
import { isImageLabel, isSame, type Drawing, type EditedShape } from "./shapes";

/** A shape that both changed, by what tells it apart; null where one of them deleted it. */
export interface Conflict {
  readonly id: string;
  readonly mine: EditedShape | null;
  readonly theirs: EditedShape | null;
}

export interface Merged {
  /** With mine where both changed a shape, and with theirs where I deleted what they changed. */
  readonly drawing: Drawing;
  readonly conflicts: readonly Conflict[];
}

type Found = EditedShape | undefined;

/** What a whole image shows has one place, whoever says it: two first labels of one image are a conflict. */
const WHOLE = "whole";

function placeOf(shape: EditedShape): string {
  return isImageLabel(shape) ? WHOLE : shape.id;
}

/** Whether a conflict is over what a whole image shows, which cannot be both. */
export function isOverWhole({ id }: Conflict): boolean {
  return id === WHOLE;
}

function same(a: Found, b: Found): boolean {
  return a === b || (a !== undefined && b !== undefined && isSame(a, b));
}

/** Merge by shape: a change wins over none, and where both changed the same shape a person has to decide. */
export function merge(base: Drawing, mine: Drawing, theirs: Drawing): Merged {
  const [before, here, there] = [base, mine, theirs].map(byId) as [Shapes, Shapes, Shapes];
  const conflicts: Conflict[] = [];
  const decide = (id: string): Found => {
    const [old, own, other] = [before.get(id), here.get(id), there.get(id)];
    if (same(own, other) || same(other, old)) return own;
    if (same(own, old)) return other;
    conflicts.push({ id, mine: own ?? null, theirs: other ?? null });
    return own ?? other;
  };
  const shapes = [...new Set([...here.keys(), ...there.keys()])].flatMap((id) => decide(id) ?? []);
  const nothing = mine.nothing === base.nothing ? theirs.nothing : mine.nothing;
  return { drawing: { shapes, nothing: nothing && shapes.length === 0 }, conflicts };
}

/** Of conflicts that nobody has decided those on which both still differ, over what they have now. */
export function stillOpen(conflicts: readonly Conflict[], mine: Drawing, theirs: Drawing): Conflict[] {
  const [here, there] = [byId(mine), byId(theirs)];
  return conflicts.flatMap((conflict) => {
    const other = there.get(conflict.id);
    const agreed = same(conflict.mine === null ? undefined : here.get(conflict.id), other);
    return agreed ? [] : [{ ...conflict, theirs: other ?? null }];
  });
}

type Shapes = ReadonlyMap<string, EditedShape>;

function byId({ shapes }: Drawing): Shapes {
  return new Map(shapes.map((shape) => [placeOf(shape), shape]));
}

/** The drawing with one conflict settled: my shape, theirs, or both of them. */
export function settled(
  drawing: Drawing,
  { id, mine: then, theirs }: Conflict,
  choice: "mine" | "theirs" | "both",
  newId: () => string,
): Drawing {
  // Whoever went on drawing before deciding keeps that too.
  const now = drawing.shapes.find((shape) => placeOf(shape) === id);
  const mine = then === null || now === undefined || same(now, theirs ?? undefined) ? then : now;
  const both = mine !== null && theirs !== null ? [mine, { ...theirs, id: newId() }] : [mine ?? theirs];
  const kept = choice === "both" ? both : [choice === "mine" ? mine : theirs];
  const others = drawing.shapes.filter((shape) => placeOf(shape) !== id);
  const shapes = [...others, ...kept.filter((shape) => shape !== null)];
  return { shapes, nothing: drawing.nothing && shapes.length === 0 };
}
