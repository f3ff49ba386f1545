import { expect, test } from "vitest";
import { inReadingOrder, nextLine } from "./reading";
import type { EditedShape } from "./shapes";

function line(id: string, [left, top]: readonly [number, number], part: Partial<EditedShape> = {}): EditedShape {
  const points = [[left, top], [left + 40, top + 10]] as const;
  return { id, kind: "box", label: "text", points, angle: 0, rle: null, text: null, score: null, proposedBy: null, ...part };
}

const NONE = new Set<string>();

test("lines are read from the top down, and from left to right where they stand beside one another", () => {
  const lines = [line("amount", [80, 33]), line("last", [0, 60]), line("item", [0, 30]), line("head", [20, 0])];
  expect(inReadingOrder(lines).map(({ id }) => id)).toEqual(["head", "item", "amount", "last"]);
});

test("the next line is one that can be written on; behind the last there is none", () => {
  const lines = [line("a", [0, 0]), line("region", [0, 20], { kind: "ignore" }), line("hidden", [0, 40]), line("b", [0, 60])];
  expect(nextLine(lines, "a", new Set(["hidden", "a"]))?.id).toBe("b");
  expect(nextLine(lines, "b", NONE)).toBeNull();
  expect(nextLine(lines, "a", NONE)?.id).toBe("hidden");
});
