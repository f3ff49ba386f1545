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
    ["picked", null],
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
  expect(summarise(entries)).toEqual({
    total: 4,
    done: 1,
    failed: 1,
    picked: 1,
    open: 1,
    share: 2.5 / 4,
  });
  expect(summarise([]).share).toBe(0);
});

test("files added later get ids of their own", () => {
  const entries = after(
    { type: "add", files: [file("a.jpg")] },
    { type: "add", files: [file("a.jpg"), file("b.jpg")] },
  );
  expect(new Set(entries.map(({ id }) => id)).size).toBe(3);
});

test("nothing goes out before the person says upload now, and what is picked can be left out", () => {
  const picked = after({ type: "add", files: [file("a.jpg"), file("b.jpg"), file("c.gif")] });
  const started = [{ type: "remove", id: 1 } as const, { type: "start" } as const].reduce(
    uploadReducer,
    picked,
  );
  expect(started.map(({ id, state }) => [id, state])).toEqual([
    [2, "waiting"],
    [3, "failed"],
  ]);
});

test("a break shows until bytes flow again", () => {
  const broken = after(
    { type: "add", files: [file("a.jpg")] },
    { type: "start" },
    { type: "send", id: 1 },
    { type: "broken", id: 1 },
  );
  expect(broken[0]?.broken).toBe(true);
  expect(uploadReducer(broken, { type: "progress", id: 1, progress: 0.2 })[0]?.broken).toBe(false);
});
