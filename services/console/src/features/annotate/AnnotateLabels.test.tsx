// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, expect, test } from "vitest";
import type { Label } from "../../api/annotation";
import { around, BARE, LABELS, settled, vocabulary } from "../../testing/annotating";
import { answers, problem } from "../../testing/platform";
import { open } from "../../testing/screen";

afterEach(settled);

test("a label is made by typing it, and one that is refused is told", async () => {
  answers({ ...around(BARE), [LABELS]: vocabulary(["box"]) });
  const made: unknown[] = [];
  answers({
    "POST /api/annotation/projects/p1/labels": async (request) => {
      made.push(await request.json());
      return made.length === 1 ? HttpResponse.json({}, { status: 201 }) : problem(409, "already-exists", "it is taken");
    },
  });
  const { words } = open("/projects/p1/annotate/i2", "en");
  const field = await screen.findByRole("textbox", { name: words.editor.findLabel });
  await waitFor(() => expect(field).toHaveFocus());
  await userEvent.keyboard("crack{Enter}");
  await waitFor(() => expect(made).toEqual([{ name: "crack" }]));
  expect(await screen.findByRole("button", { name: /^crack/ })).toHaveAttribute("aria-pressed", "true");
  await userEvent.keyboard("lpore{Enter}");
  expect(await screen.findByText("it is taken")).toBeInTheDocument();
});

test("a label is renamed where it stands, and what is open follows", async () => {
  answers(around());
  answers({
    "PATCH /api/annotation/projects/p1/labels/l0": async (request) => {
      expect(request.headers.get("If-Match")).toBe('"1"');
      answers({ [LABELS]: vocabulary(["box"], "cut", "pore") });
      return HttpResponse.json({ id: "l0", version: 2, ...((await request.json()) as object) });
    },
  });
  const { words } = open("/projects/p1/annotate/i1", "en");
  await userEvent.click(await screen.findByRole("button", { name: `${words.editor.changeLabel}: scratch` }));
  const field = await screen.findByRole("textbox", { name: words.editor.renameLabel });
  await userEvent.clear(field);
  await userEvent.type(field, "cut{Enter}");
  await waitFor(() => expect(screen.getAllByRole("button", { name: /^cut/ })).toHaveLength(2));
  expect(screen.getByTestId("save-state")).toHaveTextContent(words.annotate.saved);
});

test("a label gets a colour, a key and a note where it stands, and the key chooses it", async () => {
  answers(around(BARE));
  const patches: unknown[] = [];
  answers({
    "PATCH /api/annotation/projects/p1/labels/l1": async (request) => {
      const patch = (await request.json()) as Partial<Label>;
      patches.push(patch);
      const { items, ...rest } = vocabulary(["box"], "scratch", "pore");
      const after = items.map((label) => (label.id === "l1" ? { ...label, ...patch } : label));
      answers({ [LABELS]: { ...rest, items: after } });
      return HttpResponse.json(after[1] ?? {});
    },
  });
  const { words } = open("/projects/p1/annotate/i1", "en");
  await userEvent.click(await screen.findByRole("button", { name: `${words.editor.changeLabel}: pore` }));
  await userEvent.click(await screen.findByRole("button", { name: `${words.editor.labelColour} #15803d` }));
  const hotkey = screen.getByLabelText(words.editor.labelHotkey);
  fireEvent.change(hotkey, { target: { value: "Shift+K" } });
  fireEvent.keyDown(hotkey, { key: "Enter", keyCode: 13 });
  fireEvent.change(screen.getByLabelText(words.editor.labelNote), { target: { value: "deep" } });
  fireEvent.click(screen.getByText(words.common.save));
  await waitFor(() => expect(patches).toHaveLength(1));
  expect(patches).toEqual([{ name: "pore", colour: "#15803d", hotkey: "Shift+K", note: "deep" }]);
  const chip = (await screen.findByText("Shift+K", { selector: "kbd" })).closest("button");
  if (chip === null) throw new Error("no label has the key");
  expect(chip).toHaveAttribute("title", expect.stringContaining("deep"));
  expect(chip.querySelector("i")).toHaveStyle({ background: "#15803d" });
  expect(chip).toHaveAttribute("aria-pressed", "false");
  fireEvent.keyDown(window, { key: "K", shiftKey: true });
  await waitFor(() => expect(chip).toHaveAttribute("aria-pressed", "true"));
});

test("labels are put in order by key and by drag, on the screen before the platform has answered", async () => {
  answers({ ...around(BARE), [LABELS]: vocabulary(["box"], "a", "b", "c") });
  const orders: unknown[] = [];
  answers({
    "PUT /api/annotation/projects/p1/label-order": async (request) => {
      const { ids } = (await request.json()) as { readonly ids: readonly string[] };
      orders.push(ids);
      const { items, ...rest } = vocabulary(["box"], "a", "b", "c");
      const after = { ...rest, items: items.toSorted((x, y) => ids.indexOf(x.id) - ids.indexOf(y.id)) };
      answers({ [LABELS]: after });
      return HttpResponse.json(after);
    },
  });
  open("/projects/p1/annotate/i1", "en");
  const shown = () => screen.getAllByRole("button", { name: /^[abc] \d$/ }).map(({ textContent }) => textContent);
  await waitFor(() => expect(shown()).toEqual(["a1", "b2", "c3"]));
  screen.getByRole("button", { name: "a 1" }).focus();
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  await waitFor(() => expect(shown()).toEqual(["b1", "a2", "c3"]));
  await waitFor(() => expect(orders).toEqual([["l1", "l0", "l2"]]));
  const rows = screen.getAllByRole("button", { name: /^[abc] \d$/ }).map((button) => button.closest("li") ?? button);
  const carried = new DataTransfer();
  fireEvent.dragStart(rows[2]?.querySelector("[draggable=true]") ?? document.body, { dataTransfer: carried });
  // Firefox drags nothing that carries nothing, and nothing by a button.
  expect(carried.getData("text/plain")).toBe("c");
  expect(document.querySelector("[draggable=true] button")).toBeNull();
  expect(fireEvent.dragOver(rows[0] ?? document.body)).toBe(false);
  fireEvent.drop(rows[0] ?? document.body);
  await waitFor(() => expect(shown()).toEqual(["c1", "b2", "a3"]));
  await waitFor(() => expect(orders.at(-1)).toEqual(["l2", "l1", "l0"]));
});

test("moves that follow each other at once are each made from what is on the screen", async () => {
  answers({ ...around(BARE), [LABELS]: vocabulary(["box"], "a", "b", "c") });
  const orders: (readonly string[])[] = [];
  const waiting: (() => void)[] = [];
  let [kept, reads] = [vocabulary(["box"], "a", "b", "c"), 0];
  answers({
    [LABELS]: () => {
      reads += 1;
      return HttpResponse.json(kept);
    },
    "PUT /api/annotation/projects/p1/label-order": async (request) => {
      const { ids } = (await request.json()) as { readonly ids: readonly string[] };
      orders.push(ids);
      await new Promise<void>((resolve) => waiting.push(resolve));
      kept = { ...kept, items: kept.items.toSorted((x, y) => ids.indexOf(x.id) - ids.indexOf(y.id)) };
      return HttpResponse.json(kept);
    },
  });
  open("/projects/p1/annotate/i1", "en");
  const shown = () => screen.getAllByRole("button", { name: /^[abc] \d$/ }).map(({ textContent }) => textContent);
  await waitFor(() => expect(shown()).toEqual(["a1", "b2", "c3"]));
  const before = reads;
  screen.getByRole("button", { name: "a 1" }).focus();
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  await waitFor(() => expect(shown()).toEqual(["b1", "a2", "c3"]));
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  await waitFor(() => expect(shown()).toEqual(["b1", "c2", "a3"]));
  await waitFor(() => expect(waiting).toHaveLength(1));
  waiting[0]?.();
  await waitFor(() => expect(waiting).toHaveLength(2));
  expect([shown(), reads]).toEqual([["b1", "c2", "a3"], before]);
  screen.getByRole("button", { name: "c 2" }).focus();
  await userEvent.keyboard("{Alt>}{ArrowUp}{/Alt}");
  await waitFor(() => expect(shown()).toEqual(["c1", "b2", "a3"]));
  waiting[1]?.();
  await waitFor(() => expect(waiting).toHaveLength(3));
  waiting[2]?.();
  await waitFor(() => expect(reads).toBe(before + 1));
  expect(orders).toEqual([["l1", "l0", "l2"], ["l1", "l2", "l0"], ["l2", "l1", "l0"]]);
  expect(shown()).toEqual(["c1", "b2", "a3"]);
});

test("what is dragged into or within a label's form moves no label and is its own", async () => {
  answers(around(BARE));
  const { words } = open("/projects/p1/annotate/i1", "en");
  await userEvent.click(await screen.findByRole("button", { name: `${words.editor.changeLabel}: pore` }));
  const field = await screen.findByRole("textbox", { name: words.editor.renameLabel });
  fireEvent.dragStart(field);
  expect([fireEvent.dragOver(field), fireEvent.drop(field)]).toEqual([true, true]);
  const grip = screen.getByRole("button", { name: /^scratch/ }).closest("li")?.querySelector("[draggable=true]");
  fireEvent.dragStart(grip ?? document.body, { dataTransfer: new DataTransfer() });
  expect([fireEvent.dragOver(field), fireEvent.drop(field)]).toEqual([true, true]);
});

test("a label's form is saved once however often it is asked; a key that no label may have any more is given up", async () => {
  const stale = vocabulary(["box"], "scratch", "pore");
  answers({ ...around(BARE), [LABELS]: { ...stale, items: stale.items.map((one) => ({ ...one, hotkey: one.name === "pore" ? "Shift+S" : "" })) } });
  const patches: unknown[] = [];
  let done: () => void = () => undefined;
  answers({
    "PATCH /api/annotation/projects/p1/labels/l1": async (request) => {
      patches.push(await request.json());
      await new Promise<void>((resolve) => (done = resolve));
      answers({ [LABELS]: stale });
      return HttpResponse.json(stale.items[1] ?? {});
    },
  });
  const { words } = open("/projects/p1/annotate/i1", "en");
  await userEvent.click(await screen.findByRole("button", { name: `${words.editor.changeLabel}: pore` }));
  const field = await screen.findByRole("textbox", { name: words.editor.renameLabel });
  await userEvent.type(field, "{Enter}{Enter}");
  await waitFor(() => expect(patches).not.toEqual([]));
  done();
  await waitFor(() => expect(screen.queryByRole("textbox", { name: words.editor.renameLabel })).toBeNull());
  expect(patches).toEqual([{ name: "pore", colour: "", hotkey: "", note: "" }]);
});

test("of two hundred labels the one that is typed is found, and keeps its place then", async () => {
  answers({ ...around(BARE), [LABELS]: vocabulary(["box"], ...Array.from({ length: 200 }, (_, place) => `label ${place}`)) });
  const { words } = open("/projects/p1/annotate/i1", "en");
  await userEvent.type(await screen.findByRole("textbox", { name: words.editor.findLabel }), "label 17");
  const found = screen.getAllByRole("button", { name: /^label 17/ });
  expect(found.map(({ textContent }) => textContent)).toEqual(["label 17", ...Array.from({ length: 10 }, (_, digit) => `label 17${digit}`)]);
  expect(document.querySelector(".label-list [draggable=true]")).toBeNull();
});

test.each(["en", "zh-CN"] as const)("a deleted label tells what goes, and is brought back with its shapes (%s)", async (language) => {
  answers(around());
  const calls: string[] = [];
  answers({
    "GET /api/annotation/projects/p1/summary": { images: 2, annotated: 1, corrected: 0, negatives: 0, shapes: { scratch: 3 } },
    "DELETE /api/annotation/projects/p1/labels/l0": () => {
      calls.push("delete");
      answers({ [LABELS]: vocabulary(["box"], "pore") });
      return new HttpResponse(null, { status: 204 });
    },
    "POST /api/annotation/projects/p1/labels/l0:restore": () => {
      calls.push("restore");
      answers({ [LABELS]: vocabulary(["box"], "scratch", "pore") });
      return HttpResponse.json(vocabulary(["box"], "scratch").items[0] ?? {});
    },
  });
  const { words } = open("/projects/p1/annotate/i1", language);
  const shapes = () => screen.queryAllByText("scratch", { selector: ".object-list *" }).length;
  await waitFor(() => expect(shapes()).toBeGreaterThan(0));
  await userEvent.click(screen.getByRole("button", { name: `${words.common.delete}: scratch` }));
  const asked = within(await screen.findByRole("dialog"));
  expect(await asked.findByText(words.editor.shapesOfLabel(3), { exact: false })).toBeInTheDocument();
  await userEvent.click(asked.getByRole("button", { name: words.common.delete }));
  const undo = await screen.findByRole("button", { name: `${words.editor.undoDelete}: scratch` });
  expect(shapes()).toBe(0);
  await userEvent.click(undo);
  await waitFor(() => expect(shapes()).toBeGreaterThan(0));
  expect(calls).toEqual(["delete", "restore"]);
  expect(await screen.findByText(words.editor.labelRestored("scratch"))).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: `${words.editor.undoDelete}: scratch` })).toBeNull();
});

test("the list of deleted labels says what would come back, that there is none, and why one does not", async () => {
  answers({ ...around(BARE), "GET /api/annotation/projects/p1/deleted-labels": { items: [] } });
  const { words } = open("/projects/p1/annotate/i1", "en");
  const opener = await screen.findByRole("button", { name: words.editor.deletedLabels });
  await userEvent.click(opener);
  expect(await screen.findByText(words.editor.noDeletedLabel)).toBeInTheDocument();
  await userEvent.click(opener);
  await waitFor(() => expect(screen.queryByText(words.editor.noDeletedLabel)).toBeNull());
  const gone = { id: "l9", name: "stain", deleted_at: "2026-11-26T08:00:00Z", deleted_by: "ann", images: 2 };
  answers({
    "GET /api/annotation/projects/p1/deleted-labels": { items: [gone] },
    "POST /api/annotation/projects/p1/labels/l9:restore": () => problem(409, "already-exists", "the name is taken"),
  });
  await userEvent.click(opener);
  expect(await screen.findByText(words.editor.onImages(2), { exact: false })).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: `${words.editor.undoDelete}: stain` }));
  expect(await screen.findByText("the name is taken")).toBeInTheDocument();
});
