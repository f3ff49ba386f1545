// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { Shelf } from "../testing/shelf";
import { draftNames } from "./drafts";
import { added, removed } from "./edits";
import { settled } from "./merge";
import { boxShape, EMPTY, isImageLabel, shapeOf, type Drawing } from "./shapes";
import { QUIET_MS, Workbook } from "./workbook";

const A = boxShape("a", "box", "scratch", [10, 10, 30, 20]);
const B = boxShape("b", "box", "pore", [50, 10, 60, 20]);
const one: Drawing = added(EMPTY, A);

let shelf: Shelf;
let book: Workbook;
const opened = async (imageId = "i"): Promise<void> => book.open(imageId, await shelf.read(imageId));
const quiet = (): Promise<unknown> => vi.advanceTimersByTimeAsync(QUIET_MS);
const present = (): Drawing | undefined => book.sheet("i")?.history.present;
const saving = (): string | undefined => book.sheet("i")?.saving.is;

beforeEach(() => {
  vi.useFakeTimers();
  shelf = new Shelf();
  book = new Workbook("p", shelf);
});
afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

test("several strokes are saved once, when the hand rests", async () => {
  await opened();
  book.change("i", one);
  expect(saving()).toBe("waiting");
  book.change("i", added(one, B));
  await quiet();
  expect(shelf.written).toEqual([added(one, B)]);
  expect(saving()).toBe("saved");
  expect(draftNames("annotate.p.")).toEqual([]);
});

test("what lacks its label is kept in the browser and saved as soon as it has one", async () => {
  const region = shapeOf("r", "ignore", { points: [[0, 0], [9, 0], [9, 9]] });
  book = new Workbook("p", { read: shelf.read, write: shelf.write, lacks: ({ shapes }) => !shapes.some(isImageLabel) });
  await opened();
  book.change("i", added(EMPTY, region));
  book.save();
  await quiet();
  expect([saving(), shelf.written]).toEqual(["unlabelled", []]);
  expect(draftNames("annotate.p.")).toEqual(["annotate.p.i"]);
  const labelled = added(EMPTY, region, shapeOf("g", "image", { label: "good" }));
  book.change("i", labelled);
  await quiet();
  expect([saving(), shelf.written]).toEqual(["saved", [labelled]]);
});

test("what is drawn while a save is on its way is saved after it", async () => {
  await opened();
  book.change("i", one);
  book.save("i");
  await vi.advanceTimersByTimeAsync(0);
  book.change("i", added(one, B));
  await quiet();
  expect(shelf.saved.get("i")).toMatchObject({ version: 2, drawing: added(one, B) });
  expect(saving()).toBe("saved");
});

test("without an answer it is tried again by itself, and the draft stays until it is there", async () => {
  await opened();
  shelf.failure = new TypeError("network");
  book.change("i", one);
  await quiet();
  expect(saving()).toBe("retrying");
  expect(draftNames("annotate.p.")).toEqual(["annotate.p.i"]);
  shelf.failure = null;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(saving()).toBe("saved");
  expect(draftNames("annotate.p.")).toEqual([]);
});

test("what the platform refuses is not sent again as it is, but with the next change", async () => {
  await opened();
  shelf.failure = new Problem({ code: "invalid-input", status: 422, title: "" });
  book.change("i", one);
  await quiet();
  expect(saving()).toBe("refused");
  await vi.advanceTimersByTimeAsync(120_000);
  shelf.failure = null;
  expect(shelf.written).toEqual([]);
  book.change("i", added(one, B));
  await quiet();
  expect(shelf.written).toEqual([added(one, B)]);
});

test("a browser that died goes on where the hand stopped", async () => {
  await opened();
  shelf.failure = new TypeError("network");
  book.change("i", one);
  shelf.failure = null;
  book = new Workbook("p", shelf);
  await opened();
  expect(present()).toEqual(one);
  expect(book.sheet("i")?.restoredAt).not.toBeNull();
  await quiet();
  expect(shelf.saved.get("i")?.drawing).toEqual(one);
});

test("drafts of images that nobody opens again are saved at the next visit", async () => {
  await opened();
  book.change("i", one);
  book = new Workbook("p", shelf);
  await book.resume();
  await quiet();
  expect(shelf.saved.get("i")?.drawing).toEqual(one);
});

test("the draft of an image that is gone goes too", async () => {
  await opened();
  book.change("i", one);
  const gone = () => Promise.reject(new Problem({ code: "not-found", status: 404, title: "" }));
  await new Workbook("p", { read: gone, write: shelf.write }).resume();
  expect(draftNames("annotate.p.")).toEqual([]);
});

test("somebody else's shapes come in, and taking back a step does not take them away", async () => {
  await opened();
  shelf.store("i", added(EMPTY, B), "bob");
  book.change("i", one);
  await quiet();
  await quiet();
  expect(shelf.saved.get("i")?.drawing.shapes).toEqual([A, B]);
  expect(book.sheet("i")?.mergedFrom).toBe("bob");
  book.undo("i");
  expect(present()).toEqual(added(EMPTY, B));
  book.redo("i");
  expect(present()?.shapes).toEqual([A, B]);
});

test("where both changed one shape nothing is written until a person has decided", async () => {
  shelf.store("i", one, "ann");
  await opened();
  const mine: Drawing = added(EMPTY, { ...A, label: "mine" });
  shelf.store("i", added(EMPTY, { ...A, label: "theirs" }), "bob");
  book.change("i", mine);
  await quiet();
  expect(saving()).toBe("conflict");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shelf.written).toEqual([]);
  const [conflict] = book.sheet("i")?.conflicts ?? [];
  if (conflict === undefined) throw new Error("no conflict");
  book.settle("i", conflict, settled(mine, conflict, "theirs", () => "new"));
  await quiet();
  expect(shelf.saved.get("i")?.drawing.shapes[0]?.label).toBe("theirs");
  expect(saving()).toBe("saved");
});

test("an older answer that comes late does not take work back", async () => {
  const early = await shelf.read("i");
  await opened();
  book.change("i", one);
  await quiet();
  book.open("i", early);
  expect(present()).toEqual(one);
});

test("newer work of somebody else comes in when the image is opened again", async () => {
  shelf.store("i", one, "ann");
  await opened();
  shelf.store("i", removed(one, new Set(["a"])), "bob");
  await opened();
  expect(present()).toEqual(EMPTY);
  expect(saving()).toBe("saved");
  expect(shelf.written).toEqual([]);
});

test("what is taken back to what is saved waits for nothing and leaves no draft", async () => {
  shelf.store("i", one, "ann");
  await opened();
  book.change("i", added(one, B));
  book.undo("i");
  expect(saving()).toBe("saved");
  expect(draftNames("annotate.p.")).toEqual([]);
  await quiet();
  expect(shelf.written).toEqual([]);
});

async function inConflict(): Promise<void> {
  shelf.store("i", one, "ann");
  await opened();
  shelf.store("i", added(EMPTY, { ...A, label: "theirs" }), "bob");
  book.change("i", added(EMPTY, { ...A, label: "mine" }));
  await quiet();
  expect(saving()).toBe("conflict");
}

test("a conflict that nobody has decided is still one after a reload", async () => {
  await inConflict();
  book = new Workbook("p", shelf);
  await opened();
  expect(saving()).toBe("conflict");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shelf.written).toEqual([]);
});

test("a conflict stays one when somebody saves something else meanwhile", async () => {
  await inConflict();
  shelf.store("i", added(EMPTY, { ...A, label: "theirs" }, B), "eve");
  await opened();
  expect(saving()).toBe("conflict");
  expect(book.sheet("i")?.conflicts).toMatchObject([{ mine: { label: "mine" }, theirs: { label: "theirs" } }]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shelf.written).toEqual([]);
});

test("too many requests are no refusal: it is tried again by itself", async () => {
  await opened();
  shelf.failure = new Problem({ code: "too-many-requests", status: 429, title: "" });
  book.change("i", one);
  await quiet();
  shelf.failure = null;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(saving()).toBe("saved");
});

test("what was refused is sent again at the next visit in the same tab", async () => {
  await opened();
  shelf.failure = new Problem({ code: "forbidden", status: 403, title: "" });
  book.change("i", one);
  await quiet();
  expect(saving()).toBe("refused");
  shelf.failure = null;
  await book.resume();
  await quiet();
  expect(saving()).toBe("saved");
});

test("a save whose answer was lost is no conflict with oneself", async () => {
  shelf.store("i", one, "ann");
  await opened();
  const once: Drawing = added(EMPTY, { ...A, label: "once" });
  const twice: Drawing = added(EMPTY, { ...A, label: "twice" });
  shelf.failure = new TypeError("network");
  book.change("i", once);
  await quiet();
  shelf.store("i", once, "me");
  shelf.failure = null;
  book.change("i", twice);
  await quiet();
  await quiet();
  expect(book.sheet("i")?.conflicts).toEqual([]);
  expect(shelf.saved.get("i")?.drawing).toEqual(twice);
  expect(saving()).toBe("saved");
});

test("what a restored label brings back comes in, though the version may be the one that is known", async () => {
  const both = added(one, B);
  shelf.store("i", both, "ann");
  await opened();
  book.relabel((drawing) => removed(drawing, new Set(["b"]))); // its label is deleted; the platform has not followed yet
  await opened();
  expect(present()).toEqual(one);
  book.doubt(); // the label is back
  await opened();
  expect(present()).toEqual(both);
  expect([saving(), book.sheet("i")?.mergedFrom, shelf.written]).toEqual(["saved", "", []]);
});

test("work over an image that a label came back to keeps both", async () => {
  shelf.store("i", one, "ann");
  await opened();
  book.relabel((drawing) => removed(drawing, new Set(["a"])));
  shelf.failure = new TypeError("network");
  book.change("i", added(EMPTY, B));
  book.doubt();
  shelf.failure = null;
  await quiet();
  await quiet();
  expect(new Set(shelf.saved.get("i")?.drawing.shapes)).toEqual(new Set([A, B]));
});
