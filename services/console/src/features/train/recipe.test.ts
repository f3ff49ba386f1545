import { describe, expect, test } from "vitest";
import { FACTS } from "../../api/generated/facts";
import { Problem } from "../../api/problem";
import { training } from "../../testing/builders";
import { recipe } from "../../testing/recipes";
import { changes, expected, GROUPS, groupsOf, paced, paceOf, refusals, same, saidOf, timeForAsMuch } from "./recipe";

const DEFAULTS = recipe();

test("every field that a task's trainings read stands in exactly one group", () => {
  const known: string[] = Object.values(GROUPS).flat();
  expect(new Set(known).size).toBe(known.length);
  for (const { recipe: read } of Object.values(FACTS.tasks)) {
    expect(read.filter((field: string) => !known.includes(field))).toEqual([]);
  }
  expect(groupsOf("detection").flatMap(([, fields]) => fields)).toHaveLength(FACTS.tasks.detection.recipe.length);
});

test("a classifier is asked for nothing that only a detector knows", () => {
  const fields = groupsOf("classification").flatMap(([, shown]) => shown);
  expect(fields).toContain("backbone");
  expect(fields).not.toContain("mosaic");
});

test("reading is not asked how its views differ, since it has none", () => {
  const fields = groupsOf("ocr").flatMap(([, shown]) => shown);
  expect(fields).not.toContain("augmentation");
  expect(fields).not.toContain("sampler");
});

test("what is left out is what is null", () => {
  const short = recipe();
  delete short.epochs;
  expect(same(short, DEFAULTS)).toBe(true);
  expect(changes(recipe({ epochs: 3, seed: 7 }), DEFAULTS)).toEqual(["epochs", "seed"]);
  expect(same(recipe({ augmentation: { preset: "auto", noise: null } }), DEFAULTS)).toBe(true);
  expect(changes(recipe({ augmentation: { preset: "auto", noise: 0 } }), DEFAULTS)).toEqual(["augmentation"]);
});

test.each(["usual", "quick", "thorough"] as const)("the choice %s is seen again in the recipe", (pace) => {
  expect(paceOf({ ...DEFAULTS, ...paced(pace, DEFAULTS) }, DEFAULTS)).toBe(pace);
});

test("another time than those of the choices is none of them", () => {
  expect(paceOf(recipe({ budget_s: 77 }), DEFAULTS)).toBeNull();
  expect(paceOf(recipe({ epochs: 9 }), DEFAULTS)).toBeNull();
});

test("other fields change no choice", () => {
  expect(paceOf(recipe({ seed: 3 }), DEFAULTS)).toBe("usual");
});

describe("the time of a training", () => {
  const last = training({ duration_seconds: 440, epochs: 20, recipe: recipe({ budget_s: 400 }) });

  test("is the time to learn while none was trained", () => {
    expect(expected(recipe({ budget_s: 200 }), undefined)).toEqual({ seconds: 200, known: "learning" });
  });

  test("has what the last one needed beside learning", () => {
    expect(expected(recipe({ budget_s: 200 }), last)).toEqual({ seconds: 240, known: "whole" });
  });

  test("is the last one's where both name the same epochs, and is not known before", () => {
    const named = training({ duration_seconds: 440, epochs: 20, recipe: recipe({ epochs: 20 }) });
    expect(expected(recipe({ epochs: 20 }), named)).toEqual({ seconds: 440, known: "whole" });
    for (const other of [undefined, last, training({ ...named, epochs: 10, recipe: recipe({ epochs: 10 }) })]) {
      expect(expected(recipe({ epochs: 20 }), other)).toBeNull();
    }
  });

  test("is not known from one that was finished before its named epochs", () => {
    const early = training({ duration_seconds: 60, epochs: 3, recipe: recipe({ epochs: 20 }) });
    expect(expected(recipe({ epochs: 20 }), early)).toBeNull();
    expect(expected(recipe({ epochs: 3 }), early)).toBeNull();
  });

  test("is the time to learn alone where the last one ended before its own", () => {
    const early = training({ duration_seconds: 60, recipe: recipe({ budget_s: 400 }) });
    expect(expected(recipe({ budget_s: 200 }), early)).toEqual({ seconds: 200, known: "learning" });
  });

  test("of one whose epochs were named tells nothing of a budget", () => {
    const named = training({ duration_seconds: 60, recipe: recipe({ epochs: 2 }) });
    expect(expected(recipe(), named)).toEqual({ seconds: 600, known: "learning" });
  });
});

describe("the time for as many epochs at another resolution", () => {
  const last = training({ input_width: 500, input_height: 400, recipe: recipe({ budget_s: 400 }) });

  test("grows with the pixels of the input", () => {
    expect(timeForAsMuch(recipe({ resolution: "1" }), last)).toBe(2000);
  });

  test("is nobody's to tell where the planner chooses, or before the first training", () => {
    expect(timeForAsMuch(recipe(), last)).toBeNull();
    expect(timeForAsMuch(recipe({ resolution: "1" }), undefined)).toBeNull();
    expect(timeForAsMuch(recipe({ resolution: "1" }), training({ input_width: null, input_height: null }))).toBeNull();
    expect(timeForAsMuch(recipe({ resolution: "1" }), training({ ...last, recipe: recipe({ epochs: 9 }) }))).toBeNull();
  });
});

test("what is refused is found at its field, with or without the body's name before it", () => {
  const fields = [
    { field: "recipe.epochs", message: "too few" },
    { field: "losses.0.part", message: "no part" },
  ];
  const errors = refusals(new Problem({ code: "invalid-input", status: 422, title: "no", fields }));
  expect(saidOf(errors, "epochs")).toEqual(["too few"]);
  expect(saidOf(errors, "losses")).toEqual(["no part"]);
  expect(saidOf(errors, "losses", true)).toEqual([]);
  expect(saidOf(errors, "loss")).toEqual([]);
  expect(refusals(new TypeError("network"))).toEqual([]);
});
