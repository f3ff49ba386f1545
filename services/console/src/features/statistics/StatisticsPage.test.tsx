// @vitest-environment happy-dom
import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, test } from "vitest";
import type { LabelStatistics, SetStatistics } from "../../api/annotation";
import { LABELS, settled, vocabulary } from "../../testing/annotating";
import { project } from "../../testing/builders";
import { answers, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

afterEach(settled);

const READ = "GET /api/annotation/projects/p1/statistics";
const AROUND = { "GET /api/workspace/projects/p1": project(), [LABELS]: vocabulary(["box"], "scratch", "pore") };

const SCRATCH: LabelStatistics = {
  label: "scratch",
  objects: 41,
  images: 17,
  by_split: { train: 30, test: 11 },
  side_px: [4.4, 20, 99.6],
  sizes: [40, 0, 1],
  places: [41, 0, 0, 0],
};
const PORE: LabelStatistics = { ...SCRATCH, label: "pore", objects: 2, images: 1, sizes: [2, 0, 0], places: [0, 0, 0, 2] };
const SET: SetStatistics = {
  total: 50,
  annotated: 20,
  negatives: 3,
  images: { train: 14, val: 1, test: 5 },
  grid: 2,
  sides_px: [8, 16],
  labels: [SCRATCH, PORE],
};

const map = () => screen.getByRole("img", { name: /\d/ });
const shades = () => [...map().querySelectorAll("rect")].map((field) => Number(field.getAttribute("fill-opacity")));

describe.each(LANGUAGES)("statistics of the set in %s", (language) => {
  test("images, labels, sizes and positions are told, of all labels or of one", async () => {
    answers({ ...AROUND, [READ]: SET });
    const { words } = open("/projects/p1/statistics", language);
    const { statistics } = words;
    const row = (await screen.findByText("17")).closest("tr") ?? document.body;
    expect(within(row).getAllByRole("cell").map((cell) => cell.textContent)).toEqual(["scratch", "41", "17", "30", "11", statistics.sideOf([4.4, 20, 99.6])]);
    await seen(() => screen.getByText("14"));
    const first = screen.getByText(statistics.between(undefined, 8)).closest("li");
    expect(first).toHaveTextContent("42");
    expect(screen.getByText(statistics.between(16, undefined)).closest("li")).toHaveTextContent("1");
    expect(shades()).toEqual([1, 0, 0, 2 / 41]);
    await userEvent.click(screen.getByRole("combobox", { name: statistics.label }));
    await userEvent.click(await screen.findByTitle("pore"));
    expect(shades()).toEqual([0, 0, 0, 1]);
    expect(first).toHaveTextContent("2");
  });

  test("it says that nothing is annotated, and why there is no answer", async () => {
    answers({ ...AROUND, [READ]: { ...SET, total: 0, annotated: 0, negatives: 0, images: {}, labels: [] } });
    const { words } = open("/projects/p1/statistics", language);
    await seen(() => screen.getByText(words.statistics.nothing));
  });

  test("a refusal is told in words", async () => {
    answers({ ...AROUND, [READ]: () => problem(403, "forbidden") });
    const { words } = open("/projects/p1/statistics", language);
    await seen(() => screen.getByText(words.problems.forbidden));
  });
});

test("labels of whole images have neither sizes nor positions", async () => {
  answers({ ...AROUND, [READ]: { ...SET, labels: [{ ...SCRATCH, side_px: null }] } });
  const { words } = open("/projects/p1/statistics", "en");
  await seen(() => screen.getByText("41"));
  expect(screen.queryByText(words.statistics.sizesAndPlaces)).toBeNull();
});
