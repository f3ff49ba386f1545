import { expect, test } from "vitest";
import type { Progress } from "../../api/trainer";
import { NOTHING_YET, takeIn, withHistory, type Live } from "./liveCurve";

function at(percent: number, loss: number): Progress {
  return { percent, stage: "training", epoch: 1, epochs: 2, loss, seconds_left: 1, attempt: 1,
    validation: null, validation_low: null, validation_high: null };
}

test("the curve grows with every report", () => {
  const live = [at(1, 3), at(2, 2)].reduce(takeIn, NOTHING_YET);
  expect(live.losses).toEqual([{ at: 1, loss: 3, validation: null }, { at: 2, loss: 2, validation: null }]);
});

test("a training that resumed from a checkpoint takes back the points after it", () => {
  const live = [at(1, 3), at(5, 2), at(9, 1), at(5, 2.1)].reduce(takeIn, NOTHING_YET);
  expect(live.losses).toEqual([{ at: 1, loss: 3, validation: null }, { at: 5, loss: 2.1, validation: null }]);
});

test("the figure of the validation images stands beside the loss once it is known", () => {
  const live = [at(1, 3), { ...at(2, 2), validation: 0.9 }].reduce(takeIn, NOTHING_YET);
  expect(live.losses.map(({ validation }) => validation)).toEqual([null, 0.9]);
});

test("a loss that is not a number is not drawn", () => {
  expect(takeIn(NOTHING_YET, at(1, Number.NaN)).losses).toEqual([]);
});

test("a long training does not fill the memory", () => {
  let live: Live = NOTHING_YET;
  for (let step = 1; step <= 10_000; step += 1) live = takeIn(live, at(step / 100, 1));
  expect(live.losses.length).toBeLessThanOrEqual(1_000);
});

test("a page that is opened late has the whole curve, and a training that resumed takes back what did not count", () => {
  const kept = [10, 20, 30, 40].map((percent) => ({ percent, epoch: 1, loss: 5, validation: null }));
  const late = [at(41, 3), at(42, 2)].reduce(takeIn, NOTHING_YET);
  expect(withHistory(kept, late.losses).map((point) => point.at)).toEqual([10, 20, 30, 40, 41, 42]);
  const resumed = [at(41, 3), at(25, 4)].reduce(takeIn, NOTHING_YET);
  expect(withHistory(kept, resumed.losses).map((point) => point.at)).toEqual([10, 20, 25]);
  expect(withHistory(kept, []).map((point) => point.at)).toEqual([10, 20, 30, 40]);
});
