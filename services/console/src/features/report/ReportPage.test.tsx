// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { project, training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { comparison, errorImage, judgement, labelResult, report } from "../../testing/reports";
import { LANGUAGES, open, seen } from "../../testing/screen";

const VERSIONS = "GET /api/trainer/projects/p1/versions";
const REPORT = "GET /api/evaluator/projects/p1/versions/V1/report";
const JUDGEMENT = "GET /api/evaluator/projects/p1/versions/V1/judgement";
const ERRORS = "GET /api/evaluator/projects/p1/versions/V1/errors";
const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  [VERSIONS]: pageOf(training()),
  [REPORT]: report(),
  [JUDGEMENT]: judgement(),
  [ERRORS]: pageOf(errorImage()),
  "GET /api/gallery/projects/p1/images/:id/thumbnail": () => new HttpResponse(new Blob(["x"])),
  "GET /api/gallery/projects/p1/images/:id/content": () => new HttpResponse(new Blob(["x"])),
};

describe.each(LANGUAGES)("the report in %s", (language) => {
  test("before the first version it leads to training", async () => {
    answers({ ...AROUND, [VERSIONS]: pageOf() });
    const { words } = open("/projects/p1/report", language);
    await seen(() => screen.getByText(words.report.none));
    expect(screen.getByRole("button", { name: words.report.goTrain })).toBeVisible();
  });

  test("refused, it says why and tries again when asked to", async () => {
    answers({ ...AROUND, [REPORT]: () => problem(409, "conflict") });
    const { words } = open("/projects/p1/report/V1", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [REPORT]: report() });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByTestId("conclusion"));
  });

  test("the slider's threshold stands in the address, and the words follow it", async () => {
    answers(AROUND);
    const { router, words } = open("/projects/p1/report/V1?threshold=0.60", language);
    const figures = { truths: 10, precision: "100.0%", recall: "40.0%", f1: "0.571" };
    await seen(() => screen.getByText(words.report.outcome({ ...figures, found: 4, wrong: 0 })));
    const number = screen.getByRole("spinbutton", { name: words.report.threshold });
    fireEvent.change(number, { target: { value: "0.45" } });
    await waitFor(() => expect(router.state.location.search).toBe("?threshold=0.45"));
    expect(screen.getByTestId("threshold-words")).toHaveTextContent("80.0%");
  });

  test("figures and matrix follow the slider, as the platform counts them there", async () => {
    const there = report({ conclusion: "Elsewhere.", confusion: { labels: ["scratch", "background"], matrix: [[4, 6], [0, 0]] } });
    answers({
      ...AROUND,
      [REPORT]: ({ url }) => HttpResponse.json(new URL(url).searchParams.get("threshold") === "0.6" ? there : report()),
    });
    const { words } = open("/projects/p1/report/V1", language);
    expect(await screen.findByTitle(`scratch → scratch: 8`)).toBeVisible();
    expect(screen.getByTitle(`scratch → ${words.report.notFound}: 2`)).toBeVisible();
    expect(screen.getByTitle(`${words.report.nothingThere} → scratch: 1`)).toBeVisible();
    expect(screen.queryByText("background")).toBeNull();
    fireEvent.change(screen.getByRole("spinbutton", { name: words.report.threshold }), { target: { value: "0.60" } });
    expect(await screen.findByTitle(`scratch → ${words.report.notFound}: 6`)).toBeVisible();
    expect(screen.getByTestId("conclusion")).toHaveTextContent("Elsewhere.");
  });

  test("a cell of the matrix shows its images, until that is closed", async () => {
    const asked: URLSearchParams[] = [];
    answers({
      ...AROUND,
      [ERRORS]: ({ url }) => {
        asked.unshift(new URL(url).searchParams);
        return HttpResponse.json(pageOf(errorImage()));
      },
    });
    const { router, words } = open("/projects/p1/report/V1?label=scratch", language);
    const cell = words.report.showCell("scratch", words.report.notFound, 2);
    await userEvent.click(await screen.findByRole("button", { name: cell }));
    await waitFor(() => expect(asked[0]?.get("predicted")).toBe(""));
    expect(asked[0]?.get("truth")).toBe("scratch");
    expect(asked[0]?.has("kind")).toBe(false);
    expect(router.state.location.search).toBe("?truth=scratch&predicted=");
    const chip = screen.getByTestId("shown-cell");
    expect(chip).toHaveTextContent(words.report.shownCell("scratch", words.report.notFound));
    await userEvent.click(chip.querySelector(".anticon-close") as Element);
    await waitFor(() => expect(asked[0]?.has("truth")).toBe(false));
    expect(router.state.location.search).toBe("");
  });
});

test.each([
  ["en", 0.25, "Compared on the 12 images that both versions were judged on, at as many false alarms: 0.25 an image."],
  ["en", null, "Compared on the 12 images that both versions were judged on."],
  ["zh-CN", 0.25, "在两个版本都评估过的 12 张图像上比较，误检数量相同：每张图像 0.25 个。"],
  ["zh-CN", null, "在两个版本都评估过的 12 张图像上比较。"],
] as const)("a comparison in %s says at how many false alarms an image, where it is known: %s", async (language, rate, says) => {
  answers({
    ...AROUND,
    [VERSIONS]: pageOf(training({ version: "V2" }), training()),
    "GET /api/evaluator/projects/p1/versions/V1/compare": comparison({ false_per_image: rate }),
  });
  open("/projects/p1/report/V1", language);
  await seen(() => screen.getByText(says));
});

test("ticks and order of the errors stand in the address and are what is asked for", async () => {
  const asked: string[] = [];
  answers({
    ...AROUND,
    [ERRORS]: ({ url }) => {
      asked.push(new URL(url).search);
      return HttpResponse.json(pageOf(errorImage()));
    },
  });
  const { router, words } = open("/projects/p1/report/V1?show=false&sort=size&label=scratch", "en");
  const missed = await screen.findByRole("checkbox", { name: words.report.kinds.missed });
  expect(missed).not.toBeChecked();
  await waitFor(() => expect(asked.at(-1)).toContain("kind=false"));
  expect(asked.at(-1)).toContain("label=scratch");
  expect(asked.at(-1)).toContain("sort=size");
  await userEvent.click(missed);
  await waitFor(() => expect(router.state.location.search).toBe("?label=scratch&show=false%2Cmissed&sort=size"));
});

test("the wheel over an error scrolls the page; once the picture was clicked, it zooms", async () => {
  answers(AROUND);
  open("/projects/p1/report/V1", "en");
  const stage = await screen.findByRole("group", { name: "part-1.jpg" });
  const turn = (): boolean => stage.dispatchEvent(new WheelEvent("wheel", { deltaY: 100, cancelable: true, bubbles: true }));
  expect(turn()).toBe(true);
  stage.focus();
  expect(turn()).toBe(false);
});

test("a label of many letters is cut in its cell, its whole name is in the title", async () => {
  const label = "a label as long as labels may be ".repeat(4).slice(0, 128).trim();
  answers({ ...AROUND, [REPORT]: report({ labels: [labelResult({ label })] }) });
  open("/projects/p1/report/V1", "en");
  const [cell] = await screen.findAllByTitle(label);
  expect(cell).toHaveClass("one-line");
});

test("both counts of a label are named: those of the whole set and those that were judged", async () => {
  answers(AROUND);
  const { words } = open("/projects/p1/report/V1", "en");
  // A table that can be scrolled sideways keeps a hidden copy of its head, to measure it.
  expect((await screen.findAllByText(words.report.evaluated)).length).toBeGreaterThan(0);
  expect(screen.getAllByText(words.report.count).length).toBeGreaterThan(0);
  // The table by label stands before the confusion matrix, which has a row of that name, too.
  const [row] = screen.getAllByRole("row", { name: /scratch/ });
  expect(row).toHaveTextContent("60.0%1060");
});

describe.each(LANGUAGES)("the judgement in %s", (language) => {
  test("computing anew shows how far it is beside the present report, and the new one when it ends", async () => {
    answers(AROUND);
    const { words } = open("/projects/p1/report/V1", language);
    const again = await screen.findByRole("button", { name: new RegExp(words.report.recompute) });
    const running = judgement({ state: "running", progress: { percent: 60, stage: "rendering" } });
    answers({ "POST /api/evaluator/projects/p1/versions/V1/judgement": running, [JUDGEMENT]: running });
    await userEvent.click(again);
    const shown = await screen.findByTestId("judgement");
    expect(shown).toHaveTextContent(words.report.recomputing);
    expect(shown).toHaveTextContent(`60 % ${words.report.stages.rendering}`);
    expect(screen.getByTestId("conclusion")).toBeVisible();
    answers({ [JUDGEMENT]: judgement({ revision: 2 }), [REPORT]: report({ revision: 2, conclusion: "Another one." }) });
    await seen(() => screen.getByText("Another one."));
    expect(screen.queryByTestId("judgement")).toBeNull();
    expect(await screen.findByText(words.report.recomputed)).toBeInTheDocument();
  });

  test("the first one can be given up, and the page says so", async () => {
    const running = judgement({ state: "running", revision: 0, progress: { percent: 20, stage: "computing" } });
    answers({ ...AROUND, [REPORT]: () => problem(404, "not-found"), [JUDGEMENT]: running });
    const { words } = open("/projects/p1/report/V1", language);
    await seen(() => screen.getByText(words.report.computing));
    const cancelled = judgement({ state: "cancelled", revision: 0 });
    answers({
      "POST /api/evaluator/projects/p1/versions/V1/judgement:cancel": cancelled,
      [JUDGEMENT]: cancelled,
      [REPORT]: () => problem(409, "conflict", "version V1 could not be judged"),
    });
    await userEvent.click(await screen.findByRole("button", { name: words.common.cancel }));
    await seen(() => screen.getByText("version V1 could not be judged"));
    expect(screen.queryByTestId("judgement")).toBeNull();
    expect(screen.getByRole("button", { name: new RegExp(words.report.recompute) })).toBeVisible();
  });
});

test("a computation that failed leaves the earlier report, and says why", async () => {
  answers({ ...AROUND, [JUDGEMENT]: judgement({ state: "failed", reason: "the predictions blob is damaged" }) });
  const { words } = open("/projects/p1/report/V1", "en");
  await seen(() => screen.getByText(words.report.notRecomputed));
  expect(screen.getByText("the predictions blob is damaged")).toBeVisible();
});

test("figures of quality that a report has are shown, and those it lacks are left out", async () => {
  const quality = { iou: 0.8, coverage: null, boundary_iou: 0.6, count_bias: 0.25, intervals: {} };
  answers({ ...AROUND, [REPORT]: report({ kind: "mask", quality }) });
  const { words } = open("/projects/p1/report/V1", "en");
  const shown = await screen.findByTestId("quality");
  const { qualities, maskIou } = words.report;
  for (const text of [maskIou.name, "80.0%", qualities.boundary_iou.name, qualities.count_bias.name, "+0.25"]) {
    expect(shown).toHaveTextContent(text);
  }
  expect(shown).not.toHaveTextContent(qualities.coverage.name);
  expect(shown).not.toHaveTextContent(qualities.iou.name);
});

test.each(LANGUAGES)("a classifier's report in %s: accuracy, mistaken images, a matrix without nothing", async (language) => {
  answers({
    ...AROUND,
    "GET /api/workspace/projects/p1": project({ task: "classification" }),
    [REPORT]: report({
      task: "classification",
      kind: "classification",
      average_detection_rate: 0.75,
      recommendations: [],
      curves: [],
      labels: [labelResult({ label: "dent", detection_rate: 0.625 })],
      confusion: { labels: ["dent", "pit"], matrix: [[5, 3], [0, 4]] },
      details: {
        errors: {
          counts: { dent: 3, pit: 0 },
          samples: [
            { kind: "wrong_label", image_id: "i7", true_label: "dent", predicted_label: "pit", score: 0.91 },
          ],
        },
      },
    }),
  });
  const { words } = open("/projects/p1/report/V1", language);
  expect(await screen.findByText(words.report.accuracy)).toBeVisible();
  expect(screen.getByText("75.0%")).toBeVisible();
  expect(screen.getByText("62.5%")).toBeVisible();
  expect(screen.queryByText("mAP@0.5")).toBeNull();
  expect(screen.queryByText(words.report.nothingThere)).toBeNull();
  const mistake = screen.getByText(words.report.mistaken("dent", "pit", "91.0%"));
  expect(mistake).toBeVisible();
  expect(screen.getByTestId("mistaken-cut")).toHaveTextContent(words.report.mistakenCut(1, 3));
  expect(screen.getByRole("columnheader", { name: words.report.detectionRate })).toBeVisible();
  expect(screen.queryByRole("columnheader", { name: new RegExp(words.report.labelThreshold) })).toBeNull();
  expect(screen.getByTestId("mistaken-images").querySelector("a")).toHaveAttribute(
    "href",
    expect.stringContaining("/projects/p1/annotate/i7"),
  );
  expect(screen.queryByRole("button", { name: words.report.showCell("dent", "dent", 5) })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: words.report.showCell("dent", "pit", 3) }));
  await seen(() => screen.getByTestId("shown-cell"));
  expect(screen.getByTestId("mistaken-cut")).toHaveTextContent(words.report.mistakenCut(1, 3));
});

test.each(LANGUAGES)("a classifier of one label without a mistake in %s: its matrix is shown, and no threshold is named", async (language) => {
  answers({
    ...AROUND,
    "GET /api/workspace/projects/p1": project({ task: "classification" }),
    [REPORT]: report({
      task: "classification",
      kind: "classification",
      recommendations: [],
      curves: [],
      labels: [labelResult({ label: "dent", evaluated: 5 })],
      confusion: { labels: ["dent"], matrix: [[7]] },
      details: { errors: { counts: { dent: 0 }, samples: [] } },
    }),
  });
  const { words } = open("/projects/p1/report/V1", language);
  expect(await screen.findByTitle("dent → dent: 7")).toBeVisible();
  expect(screen.getByText(words.report.noMistakes)).toBeVisible();
  expect(screen.queryByText(words.report.noErrors)).toBeNull();
  expect(screen.queryByTestId("mistaken-cut")).toBeNull();
});

test.each(LANGUAGES)("a segmenter's report in %s: overlap of pixels, and no threshold to move", async (language) => {
  const asked: string[] = [];
  answers({
    ...AROUND,
    "GET /api/workspace/projects/p1": project({ task: "semantic_segmentation" }),
    [REPORT]: report({
      task: "semantic_segmentation",
      kind: "semantic_segmentation",
      overall: {
        mean_iou: 0.643,
        mean_dice: 0.712,
        mean_boundary_f: 0.5,
        pixel_accuracy: 0.987,
        precision: 0.8,
        recall: 0.7,
        f1: 0.75,
        average_detection_rate: 0.7,
        average_detection_rate_macro: 0.66,
        fps: 20,
      },
      recommendations: [],
      curves: [],
      labels: [labelResult({ label: "dent" })],
      details: { labels: { dent: { iou: 0.412 } } },
      confusion: { labels: ["background", "dent"], matrix: [[500, 3], [10, 40]] },
    }),
    [ERRORS]: ({ url }) => {
      asked.push(new URL(url).search);
      return HttpResponse.json(pageOf(errorImage()));
    },
  });
  const { words } = open("/projects/p1/report/V1", language);
  expect(await screen.findByText(words.report.meanIou)).toBeVisible();
  for (const said of ["64.3%", "71.2%", "98.7%", "41.2%"]) expect(screen.getByText(said)).toBeVisible();
  await userEvent.click(screen.getByRole("checkbox", { name: words.report.kinds.false }));
  await waitFor(() => expect(asked.at(-1)).toContain("kind=missed"));
  for (const query of asked) expect(query).not.toMatch(/threshold|sort/);
  await userEvent.click(screen.getByRole("button", { name: words.common.view }));
  await waitFor(() => expect(asked.at(-1)).toContain("label=dent"));
  const gone = ["mAP@0.5", words.report.labelThreshold, words.report.ap, words.report.kinds.wrong_label];
  for (const text of gone) expect(screen.queryByText(text)).toBeNull();
  expect(screen.queryByLabelText(words.report.sort)).toBeNull();
});
