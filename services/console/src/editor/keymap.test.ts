// @vitest-environment happy-dom
import { act, renderHook } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { subscribe } from "../api/session";
import { keepSession, otherTabSpoke } from "../testing/session";
import { FIXED, keepKeys, keymapOf, refusalOf, takenOf, useKeymap, withKeys } from "./keymap";
import { KEYS, type Action } from "./keys";

afterEach(() => localStorage.clear());

const actions = Object.keys(KEYS) as Action[];

test("an own key does its action, and the key that came with it does no more", () => {
  const map = keymapOf({ save: ["F2"] });
  expect(map.actions.get("F2")).toBe("save");
  expect(map.actions.get("Ctrl+S")).toBeUndefined();
  expect(map.named("Save", "save")).toBe("Save (F2)");
  expect(map.keyOf("undo")).toBe("Ctrl+Z");
});

test("two actions that swap their keys have one each, and swapping back leaves nothing changed", () => {
  const [first] = KEYS["tool box"];
  const before = keymapOf({});
  expect(takenOf(before, "save", [first ?? ""])).toEqual({ chord: first, by: "tool box" });
  const swapped = keymapOf(withKeys(before, "save", [first ?? ""]));
  expect(swapped.keyOf("save")).toBe("B");
  expect(swapped.keyOf("tool box")).toBe("Ctrl+S");
  expect(withKeys(swapped, "save", KEYS.save)).toEqual({});
});

test("of an action with two keys only the one that another takes is exchanged", () => {
  const map = keymapOf(withKeys(keymapOf({}), "save", ["PageDown"]));
  expect(map.keys.next).toEqual(["D", "Ctrl+S"]);
});

test("whatever is swapped or reset, no key does two things and none that came with the editor is lost to a reset", () => {
  let map = keymapOf({});
  for (const [action, chord] of [["next", "X"], ["nothing", "PageDown"], ["save", "D"], ["next", "Delete"]] as const) {
    map = keymapOf(withKeys(map, action, [chord]));
  }
  map = keymapOf(withKeys(map, "next", KEYS.next));
  expect(map.keys.next).toEqual(KEYS.next);
  const chords = Object.values(map.keys).flat();
  expect(new Set(chords).size).toBe(chords.length);
});

test.each([
  ["1", "ofLabels"],
  ["Shift+K", "ofLabels"],
  ["ArrowUp", "ofEditor"],
  ["Shift+ArrowUp", "ofEditor"],
  ["Enter", "ofEditor"],
  ["Escape", "ofEditor"],
  [" ", "ofEditor"],
  ["Ctrl+W", "ofBrowser"],
  ["Ctrl+Shift+T", "ofBrowser"],
  ["Ctrl+1", "ofBrowser"],
  ["F5", "ofBrowser"],
  ["Alt+b", "unknown"],
  ["Process", "unknown"],
  ["Dead", "unknown"],
  ["Unidentified", "unknown"],
  ["F2", null],
  ["Ctrl+ArrowUp", null],
  ["Ctrl+K", null],
  ["Shift+S", null],
  ["Home", null],
  ["é", null],
])("the key %j may be an action's unless %s", (chord, refusal) => {
  expect(refusalOf(chord)).toBe(refusal);
});

test("each key that the editor comes with might be given to it again", () => {
  const own = actions.filter((action) => !FIXED.has(action)).flatMap((action) => KEYS[action]);
  expect(own.filter((chord) => refusalOf(chord) !== null)).toEqual([]);
});

/** A token of somebody, with nothing in it that could prove anything. */
const tokenOf = (sub: string) => `e30.${btoa(JSON.stringify({ sub }))}.e30`;

test("keys are one person's: the next one at this browser has others, and the first finds theirs again", () => {
  const leave = subscribe(() => undefined);
  const sign = (sub: string) => {
    keepSession(tokenOf(sub));
    otherTabSpoke();
  };
  sign("ann");
  const { result } = renderHook(() => useKeymap());
  act(() => keepKeys({ save: ["F2"] }));
  expect(result.current.keyOf("save")).toBe("F2");
  act(() => sign("bob"));
  expect(renderHook(() => useKeymap()).result.current.keyOf("save")).toBe("Ctrl+S");
  act(() => sign("ann"));
  expect(renderHook(() => useKeymap()).result.current.keyOf("save")).toBe("F2");
  keepSession();
  otherTabSpoke();
  leave();
});

test("what another console kept is taken as far as it can be", () => {
  const kept = { save: ["F2", 7], undo: ["1"], gone: ["F3"], leave: ["F4"], redo: ["F2"], next: "D" };
  localStorage.setItem("loupe.hotkeys.", JSON.stringify(kept));
  const { own } = renderHook(() => useKeymap()).result.current;
  expect(own).toEqual({ save: ["F2"] });
  for (const text of ["null", "[", "7", "[1]"]) {
    localStorage.setItem("loupe.hotkeys.", text);
    expect(renderHook(() => useKeymap()).result.current.own).toEqual({});
  }
});
