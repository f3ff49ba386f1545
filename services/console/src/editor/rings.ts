/** Outlines as rings of points: simplify, cut by a line, join. */
import clipping from "polygon-clipping";
import { distance, distanceToSegment, minus, plus, ringArea, type Point } from "./geometry";

type Ring = readonly Point[];

/**
 * A ring with fewer points, none of those left out further than `tolerance` pixels from it (Douglas and
 * Peucker 1973). Three points at least stay.
 */
export function simplified(ring: Ring, tolerance: number): Ring {
  const [first] = ring;
  if (first === undefined || ring.length <= 3) return ring;
  // A ring has no ends: it is taken as two lines between its first point and the one farthest from that.
  const far = ring.reduce((best, at, place) => (distance(first, at) > distance(first, ring[best] ?? first) ? place : best), 0);
  const halves = [ring.slice(0, far + 1), [...ring.slice(far), first]];
  const kept = halves.flatMap((half) => lineSimplified(half, tolerance).slice(0, -1));
  if (kept.length === ring.length) return ring;
  return kept.length < 3 ? corners(ring, first, ring[far] ?? first) : kept;
}

function lineSimplified(line: Ring, tolerance: number): Point[] {
  const keeps = line.map((_, place) => place === 0 || place === line.length - 1);
  const waiting: [number, number][] = [[0, line.length - 1]];
  for (let span = waiting.pop(); span !== undefined; span = waiting.pop()) {
    const [from, to] = span;
    const [start, end] = [line[from], line[to]];
    if (start === undefined || end === undefined) continue;
    let [best, most] = [-1, tolerance];
    for (let place = from + 1; place < to; place += 1) {
      const away = distanceToSegment(line[place] ?? start, start, end);
      if (away > most) [best, most] = [place, away];
    }
    if (best < 0) continue;
    keeps[best] = true;
    waiting.push([from, best], [best, to]);
  }
  return line.filter((_, place) => keeps[place]);
}

/** The triangle of two points of a ring and the one farthest from the line between them. */
function corners(ring: Ring, a: Point, b: Point): Ring {
  const away = (at: Point): number => distanceToSegment(at, a, b);
  const third = ring.reduce((best, at) => (away(at) > away(best) ? at : best), a);
  return ring.filter((at) => at === a || at === b || at === third);
}

/** Where two sides of a ring cross: after which points they begin, the earlier first, and the place. */
interface OwnCrossing {
  readonly sides: readonly [number, number];
  readonly at: Point;
}

/** Some place where a ring crosses itself; null where it does not. To touch itself is not to cross. */
function ownCrossing(ring: Ring): OwnCrossing | null {
  const sides = ring.map((from, place) => {
    const to = ring[(place + 1) % ring.length] ?? from;
    return { place, from, to, left: Math.min(from[0], to[0]), right: Math.max(from[0], to[0]) };
  });
  sides.sort((a, b) => a.left - b.left);
  for (const [index, one] of sides.entries()) {
    for (let next = index + 1; next < sides.length; next += 1) {
      const other = sides[next];
      if (other === undefined || other.left > one.right) break;
      const at = crossedAt(one.from, one.to, other.from, other.to);
      if (at !== null) return { sides: [Math.min(one.place, other.place), Math.max(one.place, other.place)], at };
    }
  }
  return null;
}

/** Where two segments cross between their ends. */
function crossedAt(a: Point, b: Point, c: Point, d: Point): Point | null {
  const [way, other] = [minus(b, a), minus(d, c)];
  const sine = cross(way, other);
  if (sine === 0) return null;
  const [along, beyond] = [cross(minus(c, a), other) / sine, cross(minus(c, a), way) / sine];
  const isBetween = (share: number): boolean => share > SHARE && share < 1 - SHARE;
  return isBetween(along) && isBetween(beyond) ? plus(a, [way[0] * along, way[1] * along]) : null;
}

/** So near to the end of a side, as a share of it, a crossing is a touch. */
const SHARE = 1e-9;

export function crossesItself(ring: Ring): boolean {
  return ownCrossing(ring) !== null;
}

/** A ring that runs over itself as the outline of all that it goes around; one that does not as it is. */
export function uncrossed(ring: Ring): Ring {
  const loops = loopsOf(ring);
  if (loops.length === 1) return ring;
  const [largest = ring, ...others] = loops.sort((a, b) => ringArea(b) - ringArea(a));
  const outlines = clipped("add", largest, ...others).map(({ outer }) => outer);
  return outlines.reduce((best, one) => (ringArea(one) > ringArea(best) ? one : best), outlines[0] ?? largest);
}

/** A ring as loops that do not cross themselves. */
function loopsOf(ring: Ring): Ring[] {
  const [done, waiting]: [Ring[], Ring[]] = [[], [ring]];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const found = ownCrossing(one);
    if (found === null) {
      done.push(one);
      continue;
    }
    const { sides: [first, second], at } = found;
    waiting.push([at, ...one.slice(first + 1, second + 1)], [at, ...one.slice(second + 1), ...one.slice(0, first + 1)]);
  }
  return done;
}

/** {@link simplified} with less tolerance where the ring would else cross itself, down to the ring as it was. */
export function thinned(ring: Ring, tolerance: number): Ring {
  for (let slack = tolerance; slack > LEAST_SLACK; slack /= 2) {
    const fewer = simplified(ring, slack);
    if (!crossesItself(fewer)) return fewer;
  }
  return ring;
}

/** In pixels. */
const LEAST_SLACK = 0.1;

function cross([ax, ay]: Point, [bx, by]: Point): number {
  return ax * by - ay * bx;
}

interface Crossing {
  /** The side of the ring that is crossed, and how far along it. */
  readonly side: number;
  readonly along: number;
  /** How far along the line. */
  readonly way: number;
  readonly at: Point;
}

function crossings(ring: Ring, from: Point, to: Point): Crossing[] {
  const line = minus(to, from);
  return ring
    .flatMap((start, side): Crossing[] => {
      const edge = minus(ring[(side + 1) % ring.length] ?? start, start);
      const across = cross(line, edge);
      if (across === 0) return [];
      const way = cross(minus(start, from), edge) / across;
      const along = cross(minus(start, from), line) / across;
      // Half open: a corner on the line belongs to one of its sides only.
      if (way < 0 || way > 1 || along < 0 || along >= 1) return [];
      return [{ side, along, way, at: plus(from, [line[0] * way, line[1] * way]) }];
    })
    .sort((a, b) => a.way - b.way);
}

/** Whether a point lies in a ring (even-odd). */
export function isWithin([x, y]: Point, ring: Ring): boolean {
  let inside = false;
  ring.forEach(([x1, y1], place) => {
    const [x2, y2] = ring[(place + 1) % ring.length] ?? [x1, y1];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  });
  return inside;
}

function isOn(at: Point, ring: Ring): boolean {
  return ring.some((from, place) => distanceToSegment(at, from, ring[(place + 1) % ring.length] ?? from) < NEAR);
}

/** Points nearer than this, in pixels, are one. */
const NEAR = 1e-6;
/** Smaller pieces than this, in square pixels, are none. */
const SMALLEST_PIECE = 1;

/** The pieces of a ring after a cut along a line between two points; the ring alone where it does not pass through. */
export function cut(ring: Ring, from: Point, to: Point): readonly Ring[] {
  const found = crossings(ring, from, to);
  for (const [place, enters] of found.entries()) {
    const leaves = found[place + 1];
    if (leaves === undefined) break;
    const middle: Point = [(enters.at[0] + leaves.at[0]) / 2, (enters.at[1] + leaves.at[1]) / 2];
    // Where a cut went before, the line runs along the side that it made.
    if (!isWithin(middle, ring) || isOn(middle, ring)) continue;
    const parts = [between(ring, enters, leaves), between(ring, leaves, enters)];
    if (parts.some((part) => ringArea(part) < SMALLEST_PIECE)) continue;
    // The rest of the line may cut the parts again.
    return parts.flatMap((part) => cut(part, from, to));
  }
  return [ring];
}

/** The way along a ring from one crossing to another, closed by the cut. */
function between(ring: Ring, first: Crossing, last: Crossing): Ring {
  const count = ring.length;
  const wraps = last.side < first.side || (last.side === first.side && last.along < first.along);
  const steps = last.side - first.side + (wraps ? count : 0);
  const corners = Array.from({ length: steps }, (_, step) => ring[(first.side + 1 + step) % count] ?? first.at);
  return [first.at, ...corners, last.at].filter((at, place, all) => distance(at, all[(place + 1) % all.length] ?? at) > NEAR);
}

export interface Area {
  readonly outer: Ring;
  readonly holes: readonly Ring[];
}

/** What rings cover together, or the first of them without the others: parts that hang together, with their holes. */
export function clipped(how: "add" | "subtract", first: Ring, ...others: readonly Ring[]): Area[] {
  const written = (ring: Ring): [number, number][][] => [ring.map(([x, y]) => [x, y])];
  const rest = others.map(written);
  const result = how === "add" ? clipping.union(written(first), ...rest) : clipping.difference(written(first), ...rest);
  return result.flatMap(([outer, ...holes]) => (outer === undefined ? [] : [{ outer: open(outer), holes: holes.map(open) }]));
}

/** The library ends a ring with its first point once more. */
function open(ring: Ring): Ring {
  return ring.slice(0, -1);
}
