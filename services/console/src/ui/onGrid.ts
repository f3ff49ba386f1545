/**
 * The grid point of sliders and curves at or under a threshold, as the evaluator cuts it: rounded up, a
 * recommended threshold would hide the very finding that it was chosen for.
 */
export function onGrid(threshold: number): number {
  return Math.floor(threshold * 100 + 1e-9) / 100;
}
