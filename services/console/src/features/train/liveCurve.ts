/** What a running training has told so far, gathered from its progress reports. */
import type { History, Progress } from "../../api/trainer";

export interface LossPoint {
  readonly at: number;
  readonly loss: number;
  /** Of images that do not teach, in [0, 1]; null before the first epoch has ended. */
  readonly validation: number | null;
}

export interface Live {
  readonly progress: Progress | null;
  readonly losses: readonly LossPoint[];
}

export const NOTHING_YET: Live = { progress: null, losses: [] };

/** More points than this say nothing more on a screen; every second one is dropped when it is reached. */
const POINTS_LIMIT = 1_000;

/**
 * Take in one report. A percentage that falls back means that the training resumed from a checkpoint:
 * the points after it did not count and are dropped.
 */
export function takeIn(live: Live, progress: Progress): Live {
  const { loss } = progress;
  const kept = live.losses.filter(({ at }) => at < progress.percent);
  const known = typeof loss === "number" && Number.isFinite(loss);
  const losses = known ? [...kept, { at: progress.percent, loss, validation: progress.validation ?? null }] : kept;
  return {
    progress,
    losses: losses.length > POINTS_LIMIT ? losses.filter((_, place) => place % 2 === 0) : losses,
  };
}

/** The curve that the platform kept, as it is drawn. */
export function fromHistory(curve: History["curve"]): LossPoint[] {
  return curve.map(({ percent, loss, validation }) => ({ at: percent, loss, validation: validation ?? null }));
}

/** What was told while the page was open, behind what the platform kept of the time before. */
export function withHistory(curve: History["curve"], losses: readonly LossPoint[]): readonly LossPoint[] {
  const first = losses[0];
  const before = fromHistory(curve);
  return first === undefined ? before : [...before.filter(({ at }) => at < first.at), ...losses];
}
