// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ImportReport, ImportRun } from "../../api/annotation";
import { imageLimits, project } from "../../testing/builders";
import { importedFile, importReport, importRun } from "../../testing/imports";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import type { Words } from "../../i18n/language";

const RUNS = "/api/annotation/projects/p1/import-runs";
const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  "GET /api/gallery/limits": imageLimits(),
  "GET /api/gallery/projects/p1/summary": { total: 0, labelled: 0, unlabelled: 0, tested: 0, recommended: 30 },
  "GET /api/annotation/projects/p1/labels": { items: [] },
  "GET /api/gallery/projects/p1/images": pageOf(),
};
const DRAWN = { author: "ann", by_hand: true, shapes: 3 };
const KEPT = importReport({
  failed: 1,
  left_aside: 1,
  counts: { ...importReport().counts, new: 1, kept: 2, negatives: 1, unmatched: 1 },
  new_labels: ["dent"],
  entries: [
    importedFile(),
    importedFile({ file: "part-2.json", image_id: "i2", action: "kept", before: DRAWN }),
    importedFile({ file: "part-3.json", image_id: "i3", action: "kept", before: { ...DRAWN, shapes: 4 } }),
    importedFile({ file: "lost.json", image_id: null, action: null, status: "failed", message: "no image lost.jpg" }),
  ],
});
const REPLACED = importReport({
  counts: { ...importReport().counts, replaced: 2, replaced_shapes: 7 },
  entries: [importedFile({ action: "replaced", before: DRAWN })],
});
const DONE = importReport({
  import_id: "m1",
  imported: 1,
  counts: { ...importReport().counts, new: 1 },
  entries: [importedFile({ status: "imported" })],
});

// A download would lead the page of the test away.
beforeEach(() => {
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** An API of imports in the background that remembers how it was asked, and what it holds. */
class Imports {
  readonly asked: string[] = [];
  readonly sent: string[] = [];
  readonly runs = new Map<string, ImportRun>();
  readonly reports = new Map<string, ImportReport>();

  constructor(private readonly answer: (query: URLSearchParams) => [ImportRun, ImportReport?] | Response) {
    answers({
      ...AROUND,
      [`GET ${RUNS}`]: () => HttpResponse.json(pageOf(...[...this.runs.values()].filter((run) => !run.dry_run))),
      [`POST ${RUNS}`]: (request: Request) => {
        this.sent.push(new URL(request.url).searchParams.get("name") ?? "");
        return this.begin(request);
      },
      [`GET ${RUNS}/:id`]: ({ url }: Request) => found(this.runs.get(idOf(url))),
      [`GET ${RUNS}/:id/report`]: ({ url }: Request) => found(this.reports.get(idOf(url.replace("/report", "")))),
      [`POST ${RUNS}/:id`]: (request: Request) => {
        const [id = "", action] = idOf(request.url).split(":");
        if (action === "again") return this.begin(request);
        this.change(id, { state: "cancelled" });
        return found(this.runs.get(id));
      },
    });
  }

  change(id: string, part: Partial<ImportRun>, report?: ImportReport): void {
    const run = this.runs.get(id);
    if (run === undefined) throw new Error(`no import ${id}`);
    this.runs.set(id, { ...run, ...part });
    if (report !== undefined) this.reports.set(id, report);
  }

  private begin({ url }: Request): Response {
    const { searchParams } = new URL(url);
    this.asked.push(`${searchParams.get("dry_run") ?? ""} ${searchParams.get("on_conflict") ?? ""}`);
    const made = this.answer(searchParams);
    if (made instanceof Response) return made;
    const [run, report] = made;
    this.runs.set(run.id, run);
    if (report !== undefined) this.reports.set(run.id, report);
    return HttpResponse.json(run, { status: 202 });
  }
}

function found(thing: object | undefined): Response {
  return thing === undefined ? problem(404, "not-found") : HttpResponse.json(thing);
}

function idOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "");
}

const isDry = (query: URLSearchParams): boolean => query.get("dry_run") === "true";
const LOOK = importRun({ id: "look", dry_run: true, has_archive: true });
const lookOrDone = (query: URLSearchParams): [ImportRun, ImportReport] =>
  isDry(query) ? [LOOK, KEPT] : [importRun(), DONE];
const GOING_ON = importRun({
  state: "running",
  has_report: false,
  progress: { percent: 30, stage: "reading", seconds_left: null, figures: { done: 30, total: 50 } },
});

async function openStep(words: Words): Promise<void> {
  await userEvent.click(await screen.findByText(words.gallery.uploadAnnotated));
  await userEvent.click(await screen.findByRole("button", { name: words.common.skip, hidden: true }));
}

async function pick(words: Words): Promise<void> {
  await openStep(words);
  await screen.findByText(words.gallery.dropArchive);
  const input = document.querySelector<HTMLInputElement>('input[type="file"]');
  if (input === null) throw new Error("nothing to pick a file with");
  await userEvent.upload(input, new File(["zip"], "labels.zip", { type: "application/zip" }));
}

describe.each(LANGUAGES)("the import of annotations in %s", (language) => {
  test("before anything is stored it tells what would be done, and to whose drawings", async () => {
    const imports = new Imports((query) =>
      query.get("on_conflict") === "replace" ? [importRun({ ...LOOK, id: "look2" }), REPLACED] : [LOOK, KEPT],
    );
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await seen(() => screen.getByText(words.imports.would(3, 1)));
    expect(screen.getByText(words.imports.nothingYet)).toBeVisible();
    expect(screen.getByTestId("import-kept")).toHaveTextContent("2");
    expect(screen.getByTestId("import-unmatched")).toHaveTextContent("1");
    const row = within(screen.getByRole("row", { name: new RegExp(`ann.*7.*${words.imports.actions.kept}`), hidden: true }));
    expect(row.getByText(words.imports.byHand("ann"))).toBeVisible();
    expect(screen.getByText(words.imports.newLabels("dent"))).toBeVisible();
    expect(screen.getByText("no image lost.jpg")).toBeVisible();
    expect(screen.getByText(words.imports.onConflict.merge.about)).toBeVisible();
    await userEvent.click(screen.getByRole("radio", { name: new RegExp(words.imports.onConflict.replace.name), hidden: true }));
    await seen(() => screen.getByText(words.imports.theirObjects(7)));
    expect(imports.asked).toEqual(["true keep", "true replace"]);
    expect(imports.sent).toEqual(["labels.zip"]);
  });

  test("an archive that cannot be read says why, and nothing can be imported", async () => {
    new Imports(() => [importRun({ ...LOOK, state: "failed", has_report: false, error: "not a zip" })]);
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await seen(() => screen.getByText(words.imports.nothingToTake));
    expect(screen.getByText("not a zip")).toBeVisible();
    expect(screen.getByTestId("import-now")).toBeDisabled();
    await userEvent.click(screen.getByRole("button", { name: words.imports.another, hidden: true }));
    await seen(() => screen.getByText(words.gallery.dropArchive));
  });

  test("the look counts the files that it has read", async () => {
    const imports = new Imports(() => [{ ...GOING_ON, id: "look", dry_run: true }]);
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await seen(() => screen.getByText(words.imports.reading(30, 50)));
    expect(screen.getByTestId("import-now")).toBeDisabled();
    imports.change("look", { state: "succeeded", has_report: true }, KEPT);
    await seen(() => screen.getByText(words.imports.would(3, 1)));
  });

  test("an import goes on while its dialog is closed, and its report is in the list", async () => {
    const imports = new Imports((query) => (isDry(query) ? [LOOK, KEPT] : [GOING_ON]));
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await screen.findByText(words.imports.would(3, 1));
    await userEvent.click(screen.getByTestId("import-now"));
    await seen(() => screen.getByText(words.imports.reading(30, 50)));
    expect(screen.getByText(words.imports.goesOn)).toBeVisible();
    const storing = { percent: 60, stage: "storing", seconds_left: null, figures: { done: 12, total: 40 } };
    imports.change("r1", { progress: storing });
    await seen(() => screen.getByText(words.imports.storing(12, 40)));
    await userEvent.click(screen.getByRole("button", { name: words.common.done, hidden: true }));
    await waitFor(() => expect(screen.queryByTestId("import-run")).toBeNull());
    imports.change("r1", { state: "succeeded", has_report: true }, DONE);
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.gallery.transfers), hidden: true }));
    await userEvent.click(await screen.findByRole("button", { name: words.imports.report, hidden: true }));
    await seen(() => within(screen.getByTestId("import-report")).getByText(words.imports.imported(1, 0)));
  });

  test("an import that is stopped says how far it came, and can be undone", async () => {
    const imports = new Imports((query) => (isDry(query) ? [LOOK, KEPT] : [GOING_ON]));
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await screen.findByText(words.imports.would(3, 1));
    await userEvent.click(screen.getByTestId("import-now"));
    const storing = { percent: 60, stage: "storing", seconds_left: null, figures: { done: 12, total: 40 } };
    await screen.findByRole("button", { name: words.imports.stop, hidden: true });
    imports.change("r1", { progress: storing });
    await userEvent.click(screen.getByRole("button", { name: words.imports.stop, hidden: true }));
    await seen(() => screen.getByText(words.imports.stopped(12)));
    expect(screen.getByRole("button", { name: words.imports.undo, hidden: true })).toBeEnabled();
  });

  test("an import that broke off can be undone as far as it came", async () => {
    const storing = { percent: 60, stage: "storing", seconds_left: null, figures: { done: 12, total: 40 } };
    const broken = importRun({ state: "failed", error: "the store is full", has_report: false, progress: storing });
    new Imports((query) => (isDry(query) ? [LOOK, KEPT] : [broken]));
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await screen.findByText(words.imports.would(3, 1));
    await userEvent.click(screen.getByTestId("import-now"));
    await seen(() => screen.getByText("the store is full"));
    expect(screen.getByRole("button", { name: words.imports.undo, hidden: true })).toBeEnabled();
  });

  test("an import that fails says why of each file", async () => {
    const failed = importRun({ state: "failed", error: "1 of 1 files are wrong" });
    const report = importReport({ failed: 1, entries: [importedFile({ status: "failed", message: "cut short" })] });
    new Imports((query) => (isDry(query) ? [LOOK, KEPT] : [failed, report]));
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await screen.findByText(words.imports.would(3, 1));
    await userEvent.click(screen.getByTestId("import-now"));
    await seen(() => screen.getByText("1 of 1 files are wrong"));
    expect(screen.getByText("cut short")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: words.imports.toList, hidden: true }));
    await seen(() => screen.getByText(words.imports.states.failed));
  });

  test("annotations are downloaded in the chosen format, or it is said why not", async () => {
    new Imports(lookOrDone);
    const formats: (string | null)[] = [];
    answers({
      "GET /api/annotation/projects/p1/exports": ({ url }: Request) => {
        formats.push(new URL(url).searchParams.get("format"));
        return formats.length > 1
          ? problem(409, "nothing-to-export")
          : new HttpResponse("PK", { headers: { "Content-Type": "application/zip" } });
      },
    });
    const { words } = open("/projects/p1/gallery", language);
    await userEvent.click(await screen.findByRole("button", { name: new RegExp(words.gallery.transfers), hidden: true }));
    await seen(() => screen.getByText(words.imports.none));
    expect(screen.getByText(words.imports.exportReport)).toBeVisible();
    await userEvent.click(screen.getByRole("combobox", { name: words.imports.format, hidden: true }));
    await userEvent.click(await screen.findByTitle(words.imports.formats.voc));
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.imports.download), hidden: true }));
    await waitFor(() => expect(formats).toEqual(["voc"]));
    await waitFor(() => expect(screen.getByRole("button", { name: new RegExp(words.imports.download), hidden: true })).toBeEnabled());
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.imports.download), hidden: true }));
    await seen(() => screen.getByText(words.problems["nothing-to-export"]));
  });
});

test("with nothing imported yet the step shows its rules and no report", async () => {
  new Imports(lookOrDone);
  const { words } = open("/projects/p1/gallery", "en");
  await openStep(words);
  await seen(() => screen.getByText(words.gallery.archiveRules[0] ?? ""));
  await seen(() => screen.getByText(words.imports.none));
});

test("a list of imports that is refused says so", async () => {
  new Imports(lookOrDone);
  answers({ [`GET ${RUNS}`]: () => problem(409, "conflict") });
  const { words } = open("/projects/p1/gallery", "en");
  await openStep(words);
  await seen(() => screen.getByText(words.problems.conflict));
});

test("what was looked at is imported without sending it again", async () => {
  const imports = new Imports(lookOrDone);
  const { words } = open("/projects/p1/gallery", "en");
  await pick(words);
  await screen.findByText(words.imports.would(3, 1));
  await userEvent.click(screen.getByTestId("import-now"));
  await seen(() => screen.getByText(words.imports.imported(1, 0)));
  expect(imports.asked).toEqual(["true keep", "false keep"]);
  expect(imports.sent).toEqual(["labels.zip"]);
});

/** Opens the report of an import that was done before this page was opened. */
async function openReport(words: Words): Promise<void> {
  await userEvent.click(await screen.findByText(words.gallery.transfers));
  await userEvent.click(await screen.findByRole("button", { name: words.imports.report, hidden: true }));
}

test("the report of an earlier import is opened again, and one click undoes the import", async () => {
  const imports = new Imports(lookOrDone);
  imports.runs.set("r1", importRun());
  imports.reports.set("r1", DONE);
  answers({ "POST /api/annotation/projects/p1/imports/:id": { restored: 2, cleared: 1, left: 1 } });
  const { words } = open("/projects/p1/gallery", "en");
  await openReport(words);
  await userEvent.click(await screen.findByText(words.imports.undo));
  await seen(() => screen.getByText(words.imports.undone(2, 1)));
  expect(screen.getByText(words.imports.undoneLeft(1))).toBeVisible();
  expect(screen.queryByText(words.imports.undo)).toBeNull();
});

test("an undo that is refused says why and can be tried again", async () => {
  const imports = new Imports(lookOrDone);
  imports.runs.set("r1", importRun());
  imports.reports.set("r1", DONE);
  answers({ "POST /api/annotation/projects/p1/imports/:id": () => problem(409, "conflict") });
  const { words } = open("/projects/p1/gallery", "en");
  await openReport(words);
  await userEvent.click(await screen.findByText(words.imports.undo));
  await seen(() => screen.getByText(words.problems.conflict));
  expect(screen.getByRole("button", { name: words.imports.undo, hidden: true })).toBeEnabled();
});

test("an import that is refused keeps the archive and the choice", async () => {
  new Imports((query) => (isDry(query) ? [LOOK, KEPT] : problem(409, "conflict")));
  const { words } = open("/projects/p1/gallery", "en");
  await pick(words);
  await screen.findByText(words.imports.would(3, 1));
  await userEvent.click(screen.getByRole("radio", { name: new RegExp(words.imports.onConflict.merge.name), hidden: true }));
  await waitFor(() => expect(screen.getByTestId("import-now")).toBeEnabled());
  await userEvent.click(screen.getByTestId("import-now"));
  await seen(() => screen.getByText(words.problems.conflict));
  expect(screen.getByText("labels.zip")).toBeVisible();
  expect(screen.getByRole("radio", { name: new RegExp(words.imports.onConflict.merge.name), hidden: true })).toBeChecked();
});

test("a sample archive of each format can be downloaded", async () => {
  const asked: string[] = [];
  answers({
    ...AROUND,
    [`GET ${RUNS}`]: pageOf(),
    "GET /api/annotation/samples/:format": ({ url }: Request) => {
      asked.push(new URL(url).pathname);
      return new HttpResponse("PK", { headers: { "Content-Type": "application/zip" } });
    },
  });
  const { words } = open("/projects/p1/gallery", "en");
  await openStep(words);
  await userEvent.click(await screen.findByRole("button", { name: new RegExp(words.imports.samples), hidden: true }));
  for (const name of Object.values(words.imports.formats)) expect(await screen.findByText(name)).toBeVisible();
  await userEvent.click(screen.getByText(words.imports.formats.dota));
  await waitFor(() => expect(asked).toEqual(["/api/annotation/samples/dota"]));
});
