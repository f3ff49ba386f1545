// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { imageLimits, importedFile, importReport, project } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import type { Words } from "../../i18n/language";

const IMPORTS = "POST /api/annotation/projects/p1/imports";
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

/** An API of imports that remembers how it was asked. */
function asked(answer: (query: URLSearchParams) => Response | Promise<Response>) {
  const queries: string[] = [];
  answers({
    ...AROUND,
    [IMPORTS]: ({ url }: Request) => {
      const { searchParams } = new URL(url);
      queries.push(searchParams.toString());
      return answer(searchParams);
    },
  });
  return queries;
}

async function openStep(words: Words): Promise<void> {
  await userEvent.click(await screen.findByText(words.gallery.uploadAnnotated));
  await userEvent.click(await screen.findByRole("button", { name: words.common.skip }));
}

async function pick(words: Words): Promise<void> {
  await openStep(words);
  await screen.findByText(words.gallery.dropArchive);
  const input = document.querySelector<HTMLInputElement>('input[type="file"]');
  if (input === null) throw new Error("nothing to pick a file with");
  await userEvent.upload(input, new File(["zip"], "labels.zip", { type: "application/zip" }));
}

const dryOrDone = (query: URLSearchParams): Response =>
  HttpResponse.json(query.get("dry_run") === "true" ? KEPT : DONE);

describe.each(LANGUAGES)("the import of annotations in %s", (language) => {
  test("before anything is stored it tells what would be done, and to whose drawings", async () => {
    const queries = asked((query) => HttpResponse.json(query.get("on_conflict") === "replace" ? REPLACED : KEPT));
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await seen(() => screen.getByText(words.imports.would(3, 1)));
    expect(screen.getByText(words.imports.nothingYet)).toBeVisible();
    expect(screen.getByTestId("import-kept")).toHaveTextContent("2");
    expect(screen.getByTestId("import-unmatched")).toHaveTextContent("1");
    const row = within(screen.getByRole("row", { name: new RegExp(`ann.*7.*${words.imports.actions.kept}`) }));
    expect(row.getByText(words.imports.byHand("ann"))).toBeVisible();
    expect(screen.getByText(words.imports.newLabels("dent"))).toBeVisible();
    expect(screen.getByText("no image lost.jpg")).toBeVisible();
    expect(screen.getByText(words.imports.onConflict.merge.about)).toBeVisible();
    await userEvent.click(screen.getByRole("radio", { name: new RegExp(words.imports.onConflict.replace.name) }));
    await seen(() => screen.getByText(words.imports.theirObjects(7)));
    expect(queries).toEqual(["dry_run=true&on_conflict=keep", "dry_run=true&on_conflict=replace"]);
  });

  test("an archive that cannot be read says why, and nothing can be imported", async () => {
    asked(() => problem(422, "archive-refused", "not a zip"));
    const { words } = open("/projects/p1/gallery", language);
    await pick(words);
    await seen(() => screen.getByText(words.problems["archive-refused"]));
    expect(screen.getByText("not a zip")).toBeVisible();
    expect(screen.getByTestId("import-now")).toBeDisabled();
    await userEvent.click(screen.getByRole("button", { name: words.imports.another }));
    await seen(() => screen.getByText(words.gallery.dropArchive));
  });
});

test("with nothing imported yet the step shows its rules and no report", async () => {
  answers(AROUND);
  const { words } = open("/projects/p1/gallery", "en");
  await openStep(words);
  await seen(() => screen.getByText(words.gallery.archiveRules[0] ?? ""));
  expect(screen.queryByTestId("import-report")).toBeNull();
});

test("the report stands when the dialog is opened again, and one click undoes the import", async () => {
  const queries = asked(dryOrDone);
  const { words } = open("/projects/p1/gallery", "en");
  await pick(words);
  await screen.findByText(words.imports.would(3, 1));
  await userEvent.click(screen.getByTestId("import-now"));
  await seen(() => screen.getByText(words.imports.imported(1, 0)));
  expect(queries.at(-1)).toBe("dry_run=false&on_conflict=keep");
  await userEvent.click(screen.getByRole("button", { name: words.common.done }));
  await waitFor(() => expect(screen.queryByTestId("import-report")).toBeNull());
  await openStep(words);
  await seen(() => screen.getByText(words.imports.imported(1, 0)));
  answers({ "POST /api/annotation/projects/p1/imports/:id": { restored: 2, cleared: 1, left: 1 } });
  await userEvent.click(screen.getByRole("button", { name: words.imports.undo }));
  await seen(() => screen.getByText(words.imports.undone(2, 1)));
  expect(screen.getByText(words.imports.undoneLeft(1))).toBeVisible();
  expect(screen.queryByRole("button", { name: words.imports.undo })).toBeNull();
});

test("an undo that is refused says why and can be tried again", async () => {
  asked(dryOrDone);
  answers({ "POST /api/annotation/projects/p1/imports/:id": () => problem(403, "forbidden") });
  const { words } = open("/projects/p1/gallery", "en");
  await pick(words);
  await screen.findByText(words.imports.would(3, 1));
  await userEvent.click(screen.getByTestId("import-now"));
  await userEvent.click(await screen.findByRole("button", { name: words.imports.undo }));
  await seen(() => screen.getByText(words.problems.forbidden));
  expect(screen.getByRole("button", { name: words.imports.undo })).toBeEnabled();
});

test("an import goes on while its dialog is closed, and says so", async () => {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  asked(async (query) => {
    if (query.get("dry_run") === "false") await finished;
    return dryOrDone(query);
  });
  const { words } = open("/projects/p1/gallery", "en");
  await pick(words);
  await screen.findByText(words.imports.would(3, 1));
  await userEvent.click(screen.getByTestId("import-now"));
  await userEvent.click(await screen.findByRole("button", { name: words.imports.closeMeanwhile }));
  await waitFor(() => expect(screen.queryByTestId("importing")).toBeNull());
  await openStep(words);
  await seen(() => screen.getByTestId("importing"));
  finish();
  await seen(() => screen.getByText(words.imports.imported(1, 0)));
});

test("an import that fails keeps the archive and the choice", async () => {
  asked((query) => (query.get("dry_run") === "true" ? HttpResponse.json(KEPT) : problem(403, "forbidden")));
  const { words } = open("/projects/p1/gallery", "en");
  await pick(words);
  await screen.findByText(words.imports.would(3, 1));
  await userEvent.click(screen.getByRole("radio", { name: new RegExp(words.imports.onConflict.merge.name) }));
  await waitFor(() => expect(screen.getByTestId("import-now")).toBeEnabled());
  await userEvent.click(screen.getByTestId("import-now"));
  await seen(() => screen.getByText(words.problems.forbidden));
  expect(screen.getByText("labels.zip")).toBeVisible();
  expect(screen.getByRole("radio", { name: new RegExp(words.imports.onConflict.merge.name) })).toBeChecked();
});

test("a sample archive of each format can be downloaded", async () => {
  const asked: string[] = [];
  answers({
    ...AROUND,
    "GET /api/annotation/samples/:format": ({ url }: Request) => {
      asked.push(new URL(url).pathname);
      return new HttpResponse("PK", { headers: { "Content-Type": "application/zip" } });
    },
  });
  const { words } = open("/projects/p1/gallery", "en");
  await openStep(words);
  await userEvent.click(await screen.findByRole("button", { name: new RegExp(words.imports.samples) }));
  for (const name of Object.values(words.imports.formats)) expect(await screen.findByText(name)).toBeVisible();
  await userEvent.click(screen.getByText(words.imports.formats.dota));
  await waitFor(() => expect(asked).toEqual(["/api/annotation/samples/dota"]));
});
