// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Quota } from "../../api/gallery";
import { answers, problem, refusesEverything } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const LIST = "GET /api/gallery/quotas";
const TRAININGS = "GET /api/trainer/quotas";
const PREDICTIONS = "GET /api/inference/quotas";
const OTHERS = {
  [TRAININGS]: {
    items: [
      { name: "trainings_in_line", used: 3, limit: 4, is_own: true },
      { name: "training_minutes_per_day", used: 0, limit: 0, is_own: true },
    ],
  },
  [PREDICTIONS]: { items: [{ name: "predictions_per_second", used: 0, limit: null, is_own: false }] },
};
const ITEMS: Quota[] = [
  { name: "images", used: 20_000, limit: 20_000, is_own: true },
  { name: "size_bytes", used: 4_500_000, limit: 9_000_000, is_own: false },
  { name: "uploads_per_minute", used: 0, limit: null, is_own: false },
];

describe.each(LANGUAGES)("the quotas in %s", (language) => {
  test("each tells what is used, of how much, and whose limit it is", async () => {
    answers({ [LIST]: { items: ITEMS }, ...OTHERS });
    const { words } = open("/quotas", language);
    const row = (name: string) => screen.findByRole("row", { name: new RegExp(name.replace(/[()]/g, ".")) });
    const images = await row(words.quotas.names.images);
    for (const text of ["20000", "100%", words.quotas.own]) expect(images).toHaveTextContent(text);
    const size = await row(words.quotas.names.size_bytes);
    for (const text of ["4.5 MB", "9.0 MB", "50%", words.quotas.common]) expect(size).toHaveTextContent(text);
    const speed = await row(words.quotas.names.uploads_per_minute);
    expect(speed).toHaveTextContent(words.quotas.unlimited);
    expect(speed).not.toHaveTextContent("%");
    expect(await row(words.quotas.names.trainings_in_line)).toHaveTextContent("75%");
    expect(await row(words.quotas.names.training_minutes_per_day)).toHaveTextContent("100%");
    expect(await row(words.quotas.names.predictions_per_second)).toHaveTextContent(words.quotas.unlimited);
  });

  test("while one service does not answer, those of the others stand beside what is wrong", async () => {
    answers({ [LIST]: { items: ITEMS }, ...OTHERS, [TRAININGS]: () => problem(409, "conflict") });
    const { words } = open("/quotas", language);
    await seen(() => screen.getByText(words.problems.conflict));
    await seen(() => screen.getByText(words.quotas.names.images));
    expect(screen.queryByText(words.quotas.names.trainings_in_line)).toBeNull();
    answers({ [LIST]: { items: ITEMS }, ...OTHERS });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByText(words.quotas.names.trainings_in_line));
    expect(screen.queryByText(words.problems.conflict)).toBeNull();
  });

  test("refused, it says why and asks again when told to", async () => {
    refusesEverything();
    const { words } = open("/quotas", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [LIST]: { items: ITEMS }, ...OTHERS });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByText(words.quotas.names.images));
  });

  test("to a role that may not look it says so and offers no retry", async () => {
    const forbidden = () => problem(403, "forbidden");
    answers({ [LIST]: forbidden, [TRAININGS]: forbidden, [PREDICTIONS]: forbidden });
    const { words } = open("/quotas", language);
    await seen(() => screen.getByText(words.problems.forbidden));
    expect(screen.queryByRole("button", { name: words.common.retry })).toBeNull();
  });
});
