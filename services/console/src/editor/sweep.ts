/** The magic wand's answer: the area of one colour about a point, without the specks that noise leaves in it. */
import { flooded, type FlatRuns } from "./flood";
import type { Lab } from "./lab";
import type { Columns, Run } from "./masks";
import { areaOfColumns, closed } from "./regions";

/** Holes up to this share of the area are noise; larger ones are the part's own. */
const NOISE = 0.01;

export function columnsOfRuns(runs: FlatRuns): Columns {
  const columns = new Map<number, Run[]>();
  for (let at = 0; at < runs.length; at += 3) {
    const column = runs[at] ?? 0;
    const run: Run = [runs[at + 1] ?? 0, runs[at + 2] ?? 0];
    const known = columns.get(column);
    if (known === undefined) columns.set(column, [run]);
    else known.push(run);
  }
  for (const known of columns.values()) known.sort(([a], [b]) => a - b);
  return columns;
}

export function runsOfColumns(columns: Columns): FlatRuns {
  const flat: number[] = [];
  for (const [column, runs] of columns) for (const [from, to] of runs) flat.push(column, from, to);
  return Int32Array.from(flat);
}

export function swept(lab: Lab, seed: readonly [number, number], tolerance: number): FlatRuns {
  const columns = columnsOfRuns(flooded(lab, seed, tolerance));
  return runsOfColumns(closed(columns, NOISE * areaOfColumns(columns)));
}
