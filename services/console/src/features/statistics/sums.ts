import type { LabelStatistics, SetStatistics } from "../../api/annotation";

/** How many of what is counted by split judge a model. */
export function heldOut({ val = 0, test = 0 }: SetStatistics["images"]): number {
  return val + test;
}

/** Sizes and places of the objects of several labels together. */
export function summed(labels: readonly LabelStatistics[]): { readonly sizes: readonly number[]; readonly places: readonly number[] } {
  const sum = (rows: readonly (readonly number[])[]) =>
    (rows[0] ?? []).map((_, place) => rows.reduce((total, row) => total + (row[place] ?? 0), 0));
  return { sizes: sum(labels.map(({ sizes }) => sizes)), places: sum(labels.map(({ places }) => places)) };
}
