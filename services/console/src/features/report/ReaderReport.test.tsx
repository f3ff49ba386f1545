// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { expect, test } from "vitest";
import { project, training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { comparison, judgement, report } from "../../testing/reports";
import { LANGUAGES, open } from "../../testing/screen";

const VERSIONS = "GET /api/trainer/projects/p1/versions";
const REPORT = "GET /api/evaluator/projects/p1/versions/V1/report";
const ERRORS = "GET /api/evaluator/projects/p1/versions/V1/errors";
const AROUND = {
  "GET /api/workspace/projects/p1": project({ task: "ocr" }),
  [VERSIONS]: pageOf(training()),
  [REPORT]: report(),
  "GET /api/evaluator/projects/p1/versions/V1/judgement": judgement(),
  "GET /api/gallery/projects/p1/images/:id/content": () => new HttpResponse(new Blob(["x"])),
};
const COMPARE = "GET /api/evaluator/projects/p1/versions/V1/compare";
const LINE = { image_id: "i1", name: "a.png", width: 100, height: 50, box: [10, 20, 90, 30], shape_id: "s1" };
const READER = {
  [REPORT]: report({
    task: "ocr",
    kind: "ocr",
    labels: [],
    curves: [],
    overall: { exact_match: 0.9 } as never,
    details: {
      character_confusions: [],
      is_cased: false,
      readings: [
        { case: true, spaces: true, exact_match: 0.5, cer: 0.2, cer_end_to_end: 0.3 },
        { case: false, spaces: true, exact_match: 0.9, cer: 0.05, cer_end_to_end: 0.1 },
      ],
      lines: {
        counts: { wrong_sign: 40, missed: 1, false: 1 },
        samples: [
          {
            ...LINE,
            kind: "wrong_sign",
            score: 0.9,
            errors: 1,
            parts: [
              { truth: "1.00", read: "1.00", wrong: false },
              { truth: "0", read: "O", wrong: true },
            ],
          },
          { ...LINE, box: [10, 40, 90, 50], kind: "missed", score: null, errors: 4, parts: [{ truth: "CASH", read: "", wrong: true }] },
          { ...LINE, box: [1, 2, 9, 40], kind: "false", score: 0.4, errors: 2, parts: [{ truth: "", read: "xx", wrong: true }] },
        ],
      },
    },
  }),
};

test.each(LANGUAGES)("a reader's report in %s: how lines are found and read, and which signs are taken for others", async (language) => {
  const asked: string[] = [];
  answers({
    ...AROUND,
    [VERSIONS]: pageOf(training({ version: "V2" }), training()),
    [REPORT]: report({
      task: "ocr",
      kind: "ocr",
      average_detection_rate: 0.95,
      precision: 0.97,
      map_50: null,
      overall: { precision: 0.97, recall: 0.95, f1: 0.96, cer: 0.031, cer_end_to_end: 0.082, exact_match: 0.714, average_detection_rate: 0.95, fps: 4 },
      intervals: { cer: { low: 0.02, high: 0.043 } },
      labels: [],
      curves: [],
      confusion: { labels: [], matrix: [] },
      details: {
        character_confusions: [
          { truth: "日", read: "曰", count: 17 },
          { truth: " ", read: "", count: 9 },
          { truth: "", read: "C", count: 8 },
          ...Array.from({ length: 20 }, (_, place) => ({ truth: "x", read: String(place), count: 1 })),
        ],
      },
    }),
    [ERRORS]: () => {
      asked.push("errors");
      return problem(400, "invalid-input");
    },
    [COMPARE]: comparison({ figures: {} }),
  });
  const { words } = open("/projects/p1/report/V1", language);
  const said = words.report;
  for (const name of [said.exactLines, said.cer, said.cerOfAll, said.lineF1, said.precision, said.recall]) {
    expect(await screen.findByText(name)).toBeVisible();
  }
  for (const value of ["71.4%", "3.1%", "8.2%", "96.0%", "97.0%", "95.0%", "2.0–4.3%"]) expect(screen.getByText(value)).toBeVisible();
  // Lines are found well and read badly: that is no success.
  expect(screen.getByTestId("conclusion")).toHaveClass("ant-alert-warning");
  const rows = within(screen.getByTestId("signs")).getAllByRole("row").map((row) => row.textContent);
  expect(rows.slice(1, 4)).toEqual(["日曰17", `␣${said.signLost}9`, `${said.signAdded}C8`]);
  expect(rows).toHaveLength(1 + 20);
  expect(screen.getByText(said.signsCut(20, 23))).toBeVisible();
  expect(screen.getByTestId("recommended-threshold")).toHaveTextContent("0.39 suits both.");
  for (const gone of ["mAP@0.5", said.rate, said.labels, said.errors, said.confusion, said.curves, said.quality, said.use]) {
    expect(screen.queryByText(gone)).toBeNull();
  }
  expect(screen.queryByRole("slider")).toBeNull();
  // A report of before the list of lines says so, and has no readings.
  expect(screen.getByText(said.linesUnknown)).toBeVisible();
  expect(screen.queryByText(said.strictness)).toBeNull();
  expect(await screen.findByText(said.comparison)).toBeVisible();
  expect(asked).toEqual([]);
});

test.each(LANGUAGES)("misread lines in %s: what differs is marked, ticks and order choose, each opens at its place", async (language) => {
  answers({ ...AROUND, ...READER });
  const { router, words } = open("/projects/p1/report/V1", language);
  const said = words.report;
  const gallery = await screen.findByTestId("misread-lines");
  const tiles = (): string[] => within(gallery).queryAllByRole("figure").map((tile) => tile.textContent);
  expect(tiles().map((text) => text.includes(said.lineNotFound))).toEqual([true, false, false]);
  const wrong = within(gallery).getByText(said.wrongSigns(1), { exact: false }).closest("figure") as HTMLElement;
  expect([...wrong.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["0", "O"]);
  expect(within(wrong).getAllByText("1.00")).toHaveLength(2);
  const links = within(wrong).getAllByRole("link");
  for (const link of links) expect(link).toHaveAttribute("href", "/projects/p1/annotate/i1?place=10,20,90,30");
  expect(within(gallery).getByText(said.noLineThere)).toBeVisible();
  expect(screen.getByTestId("lines-cut")).toHaveTextContent(said.linesCut(3, 42));

  await userEvent.click(screen.getByRole("checkbox", { name: `${said.lineKinds.missed} 1` }));
  expect(tiles()).toHaveLength(2);
  expect(router.state.location.search).toBe("?show=false%2Cwrong_label");
  await userEvent.click(screen.getByRole("checkbox", { name: `${said.lineKinds.false} 1` }));
  await userEvent.click(screen.getByRole("checkbox", { name: `${said.lineKinds.wrong_sign} 40` }));
  expect(screen.getByText(said.noLinesWrong)).toBeVisible();

  const strict = within(screen.getByTestId("strictness")).getAllByRole("row").map((row) => row.textContent);
  expect(strict.slice(1)).toEqual([`${said.counts}${said.counts}50.0%20.0%30.0%`, `${said.aside}${said.counts}90.0%5.0%10.0%`]);
  expect(within(screen.getByTestId("strictness")).getByText("90.0%").closest("tr")).toHaveClass("strictness-own");
});

test("misread lines are sorted by what the address says, and a picture that does not come leaves its place", async () => {
  answers({ ...AROUND, ...READER, "GET /api/gallery/projects/p1/images/:id/content": () => problem(404, "not-found") });
  const { words } = open("/projects/p1/report/V1?lines=confidence", "en");
  const gallery = await screen.findByTestId("misread-lines");
  const last = within(gallery).getAllByRole("figure").at(-1) as HTMLElement;
  expect(last).toHaveTextContent(words.report.lineNotFound);
  await waitFor(() => expect(last.querySelector(".thumbnail-broken")).not.toBeNull());
});

test.each(LANGUAGES)("two readers in %s: the lines that are read worse, and those read better", async (language) => {
  const part = { truth: "AB", read: "AB", wrong: false };
  const lost = { truth: "AB", read: "", wrong: true };
  const changed = { ...LINE, errors_before: 0, errors_now: 2, before: [part], now: [lost] };
  const figure = { first: 0.5, second: 0.75, difference: 0.25, interval: { low: 0.1, high: 0.4 }, p_value: 0.01 };
  answers({
    ...AROUND,
    ...READER,
    [VERSIONS]: pageOf(training({ version: "V2" }), training()),
    [COMPARE]: comparison({ figures: { exact_match_any_case: figure }, lines: { better: 0, worse: 9, samples: [changed] } }),
  });
  const { words } = open("/projects/p1/report/V1", language);
  const said = words.report;
  const lines = await screen.findByTestId("changed-lines");
  expect(within(lines).getByText(said.signsMoved(0, 2))).toBeVisible();
  expect(within(lines).getByText(said.lineNotFound)).toBeVisible();
  expect(screen.getByText(said.linesCut(1, 9))).toBeVisible();
  expect(screen.getByText(said.figureNames.exact_match_any_case)).toBeVisible();
  await userEvent.click(screen.getByText(said.changedLines.better(0)));
  expect(screen.getByText(said.noChangedLines.better)).toBeVisible();
});

test("a reader that read every sign right says so", async () => {
  answers({
    ...AROUND,
    [REPORT]: report({ task: "ocr", kind: "ocr", overall: { exact_match: 1 }, recommendations: [], details: { character_confusions: [] } } as never),
  });
  const { words } = open("/projects/p1/report/V1", "en");
  expect(await screen.findByText(words.report.noSigns)).toBeVisible();
  expect(screen.queryByText(words.report.threshold)).toBeNull();
});

test("another version's changed lines begin at their first page, however far the last ones were turned", async () => {
  const part = { truth: "A", read: "A", wrong: false };
  const line = (place: number) => ({
    ...LINE,
    box: [place, 1, place + 1, 2],
    errors_before: 0,
    errors_now: place + 1,
    before: [part],
    now: [{ truth: "A", read: "B", wrong: true }],
  });
  const worse = (count: number) => ({ better: 0, worse: count, samples: Array.from({ length: count }, (_, place) => line(place)) });
  answers({
    ...AROUND,
    ...READER,
    [VERSIONS]: pageOf(training(), training({ version: "V0" }), training({ version: "V2" })),
    [COMPARE]: ({ url }: Request) => Response.json(comparison({ lines: worse(url.includes("with=V2") ? 13 : 1) })),
  });
  const said = open("/projects/p1/report/V1", "en").words.report;
  const choose = async (name: string): Promise<void> => {
    await userEvent.click(screen.getByRole("combobox", { name: said.comparison }));
    await userEvent.click(await screen.findByTitle(name));
  };
  expect(await screen.findByText(said.signsMoved(0, 1))).toBeVisible();
  await choose("V2");
  await userEvent.click(await screen.findByRole("listitem", { name: "3" }));
  expect(screen.getByText(said.signsMoved(0, 13))).toBeVisible();
  await choose("V0");
  expect(await screen.findByText(said.signsMoved(0, 1))).toBeVisible();
});
