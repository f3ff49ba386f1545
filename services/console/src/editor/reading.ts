/** Lines of text in the order in which they are read. */
import { bounds, centre } from "./geometry";
import { outlineOf, type EditedShape } from "./shapes";

/** Lines stand in one row where their middles are nearer than this share of the lower one's height. */
const SAME_ROW = 0.5;

/** From the top down, and from left to right in a row. */
export function inReadingOrder(shapes: readonly EditedShape[]): EditedShape[] {
  const placed = shapes
    .flatMap((shape) => {
      const box = bounds(outlineOf(shape));
      return box === null ? [] : [{ shape, left: box[0], height: box[3] - box[1], middle: centre(box)[1] }];
    })
    .sort((a, b) => a.middle - b.middle);
  const rows: (typeof placed)[] = [];
  for (const line of placed) {
    const row = rows.at(-1);
    const first = row?.[0];
    if (row === undefined || first === undefined || line.middle - first.middle > SAME_ROW * Math.min(line.height, first.height)) {
      rows.push([line]);
    } else row.push(line);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.left - b.left)).map(({ shape }) => shape);
}

/** The line that is read after this one, among those that can be written on; null behind the last. */
export function nextLine(shapes: readonly EditedShape[], id: string, away: ReadonlySet<string>): EditedShape | null {
  const lines = inReadingOrder(shapes.filter((shape) => shape.kind !== "ignore" && (shape.id === id || !away.has(shape.id))));
  return lines[lines.findIndex((line) => line.id === id) + 1] ?? null;
}
