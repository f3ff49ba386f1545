import { expect, test } from "vitest";
import type { ErrorKind, ErrorRecord } from "../../api/evaluator";
import { caption, gather, marksOf } from "./errorImages";

const ALL = { false_detection: true, miss: true, wrong_label: true, found: true };

function record(kind: ErrorKind, image: string): ErrorRecord {
  const said = kind !== "miss";
  const real = kind !== "false_detection";
  return {
    kind,
    image_id: image,
    true_label: real ? "pit" : null,
    predicted_label: said ? "scratch" : null,
    score: said ? 0.8 : null,
    box: said ? [1, 2, 3, 4] : null,
    truth_box: real ? [5, 6, 7, 8] : null,
  };
}

test("the image with the most errors comes first, one without errors not at all", () => {
  const images = gather(
    [record("found", "c"), record("miss", "a"), record("miss", "b"), record("false_detection", "b")],
    ALL,
  );
  expect(images.map(({ imageId }) => imageId)).toEqual(["b", "a"]);
});

test("an unticked kind is not drawn and makes no image appear", () => {
  const records = [record("miss", "a"), record("false_detection", "b")];
  const images = gather(records, { ...ALL, miss: false });
  expect(images.map(({ imageId }) => imageId)).toEqual(["b"]);
});

test("a miss is drawn where the target is, everything else where the finding is", () => {
  const [image] = gather([record("miss", "a"), record("wrong_label", "a")], ALL);
  const corners = marksOf(image ?? { imageId: "", records: [] }).map(({ outline }) => outline[0]);
  expect(corners).toEqual([[5, 6], [1, 2]]);
});

test("captions say what was seen, and for a wrong label what it is", () => {
  expect(caption(record("miss", "a"))).toBe("pit");
  expect(caption(record("false_detection", "a"))).toBe("scratch 0.80");
  expect(caption(record("wrong_label", "a"))).toBe("pit → scratch 0.80");
});
