import { expect, test } from "vitest";
import type { GalleryImage } from "../../api/gallery";
import { summarise, uploadReducer, type UploadAction, type UploadEntry } from "./uploadQueue";

const IMAGE = { id: "1", name: "a.jpg" } as GalleryImage;

function after(...actions: UploadAction[]): readonly UploadEntry[] {
  return actions.reduce<readonly UploadEntry[]>(uploadReducer, []);
}

function file(name: string, content = "x"): File {
  return new File([content], name);
}

test("files that the rules refuse never wait to be sent", () => {
  const entries = after({ type: "add", files: [file("a.JPG"), file("b.gif"), file("c.png", "")] });
  expect(entries.map(({ state, objection }) => [state, objection])).toEqual([
    ["waiting", null],
    ["failed", "format"],
    ["failed", "empty"],
  ]);
});

test("a retry takes up what the server refused, not what the rules refuse", () => {
  const entries = after(
    { type: "add", files: [file("a.jpg"), file("b.gif"), file("c.jpg")] },
    { type: "fail", id: 1, error: new Error("network") },
    { type: "done", id: 3, image: IMAGE, known: false },
    { type: "retry" },
  );
  expect(entries.map(({ state }) => state)).toEqual(["waiting", "failed", "done"]);
});

test("the summary counts every file once and a failed one as finished", () => {
  const entries = after(
    { type: "add", files: [file("a.jpg"), file("b.jpg"), file("c.gif"), file("d.jpg")] },
    { type: "done", id: 1, image: IMAGE, known: false },
    { type: "send", id: 2 },
    { type: "progress", id: 2, progress: 0.5 },
  );
  expect(summarise(entries)).toEqual({ total: 4, done: 1, failed: 1, open: 2, share: 2.5 / 4 });
  expect(summarise([]).share).toBe(0);
});

test("files added later get ids of their own", () => {
  const entries = after(
    { type: "add", files: [file("a.jpg")] },
    { type: "add", files: [file("a.jpg"), file("b.jpg")] },
  );
  expect(new Set(entries.map(({ id }) => id)).size).toBe(3);
});
