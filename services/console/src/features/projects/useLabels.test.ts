import { expect, test } from "vitest";
import type { Label } from "../../api/annotation";
import { LABEL_COLOURS } from "../../ui/theme";
import { looksOf } from "./useLabels";

function label(name: string, day: number, colour = ""): Label {
  return { id: name, name, colour, hotkey: "", note: "", version: 1, created_at: `2026-11-0${day}T08:00:00Z` };
}

test("a colour is a label's own, or goes by its age: putting labels in another order changes none", () => {
  const colours = (items: readonly Label[]) => Object.fromEntries(looksOf(items, ["new", "b"]).map(({ name, colour }) => [name, colour]));
  const [a, b, c] = [label("a", 1), label("b", 2), label("c", 3, "#84cc16")];
  const [first, second, , fourth] = LABEL_COLOURS;
  expect(colours([a, b, c])).toEqual({ a: first, b: second, c: "#84cc16", new: fourth });
  expect(colours([c, b, a])).toEqual(colours([a, b, c]));
});

test("labels of one moment keep their colours in any order, too", () => {
  const colours = (items: readonly Label[]) => Object.fromEntries(looksOf(items, []).map(({ name, colour }) => [name, colour]));
  const [a, b, c] = [label("a", 1), label("b", 1), label("c", 1)];
  const [first, second, third] = LABEL_COLOURS;
  expect(colours([c, a, b])).toEqual({ a: first, b: second, c: third });
});
