/** What a recipe is made of on the screen, and what can be said of one before it is tried. */
import { FACTS } from "../../api/generated/facts";
import { Problem, type FieldError } from "../../api/problem";
import type { Recipe, Training } from "../../api/trainer";
import type { Task } from "../../api/workspace";

export type Field = Exclude<keyof Recipe, "task">;

/** The advanced fields, by what they are about; a task shows those that its trainings read. */
export const GROUPS = {
  network: ["backbone", "pretrained", "start", "warm_start", "frozen_stages", "channels", "fine_level"],
  images: ["resolution", "input_width", "input_height", "augmentation", "mosaic", "sampler"],
  course: ["budget_s", "epochs", "batch_size", "learning_rate", "backbone_rate", "weight_decay", "early_stop", "ema", "precision", "seed"],
  losses: ["score_loss", "box_loss", "losses"],
  results: ["threshold", "merge"],
} as const satisfies Readonly<Record<string, readonly Field[]>>;

export type Group = keyof typeof GROUPS;

/** The groups of a task with its fields, none of them empty. */
export function groupsOf(task: Task): readonly (readonly [Group, readonly Field[]])[] {
  const read: readonly string[] = FACTS.tasks[task].recipe;
  const groups = Object.entries(GROUPS) as [Group, readonly Field[]][];
  return groups
    .map(([group, fields]) => [group, fields.filter((field) => read.includes(field))] as const)
    .filter(([, fields]) => fields.length > 0);
}

/** The simple choice: how long a training may take for how good a model. */
export type Pace = "usual" | "quick" | "thorough";

type Paced = Pick<Recipe, "budget_s" | "epochs">;

/** What a pace sets; the usual one is what the task's defaults say. */
export function paced(pace: Pace, defaults: Recipe): Paced {
  if (pace === "usual") return { budget_s: defaults.budget_s, epochs: defaults.epochs ?? null };
  return { budget_s: pace === "quick" ? QUICK_S : THOROUGH_S, epochs: null };
}

const QUICK_S = 200;
const THOROUGH_S = 3_600;
const PACES: readonly Pace[] = ["usual", "quick", "thorough"];

/** Which simple choice a recipe is; null of any other. */
export function paceOf(recipe: Recipe, defaults: Recipe): Pace | null {
  return PACES.find((pace) => same({ ...recipe, ...paced(pace, defaults) }, recipe)) ?? null;
}

/** Whether two recipes say the same; what is left out is what is null. */
export function same(one: Recipe, other: Recipe): boolean {
  return changes(one, other).length === 0;
}

/** The fields in which two recipes differ. */
export function changes(one: Recipe, other: Recipe): readonly Field[] {
  const fields = Object.values(GROUPS).flat() as Field[];
  return fields.filter((field) => written(one[field]) !== written(other[field]));
}

/** A value without what is null in it. */
function written(value: unknown): string {
  return JSON.stringify({ value }, (_, part: unknown) => part ?? undefined);
}

/** What a recipe says of augmentation: a preset, and null of what is left to it. */
export type Augmentation = Recipe["augmentation"];
export type Augmented = Exclude<keyof Augmentation, "preset">;

/** What may be set beside a preset; those with "yes" and "no" first. */
export const SWITCHES = ["flip_horizontal", "flip_vertical", "quarter_turns"] as const satisfies readonly Augmented[];
export const STRENGTHS = [
  "rotation",
  "scale_min",
  "scale_max",
  "brightness",
  "contrast",
  "saturation",
  "hue",
  "blur",
  "noise",
] as const satisfies readonly Augmented[];

/** How long a training will take, as far as is known: `seconds` in all, or to learn alone. */
export interface Expected {
  readonly seconds: number;
  readonly known: "whole" | "learning";
}

/** How many times the pixels of the last training's input an input of the chosen resolution has; null if that is not known. */
export function timesThePixels(chosen: Recipe["resolution"], last: Training | undefined): number | null {
  const [width, height] = [last?.input_width ?? null, last?.input_height ?? null];
  if (chosen === "auto" || width === null || height === null) return null;
  return (Number(chosen) * 1_000_000) / (width * height);
}

/** The time that as many epochs as last time take at the chosen resolution: what to allow a training to see as much. */
export function timeForAsMuch(recipe: Recipe, last: Training | undefined): number | null {
  const times = timesThePixels(recipe.resolution, last);
  return times === null || last === undefined || last.recipe.epochs != null ? null : last.recipe.budget_s * times;
}

/**
 * The time of a training by a recipe. What reading, exporting and testing took last time is added to the
 * time to learn, unless it ended before its own time; where the epochs are named, as many took what they took.
 */
export function expected(recipe: Recipe, last: Training | undefined): Expected | null {
  const took = last?.duration_seconds ?? null;
  const { epochs, budget_s: budget } = recipe;
  if (epochs != null) {
    const alike = last !== undefined && last.recipe.epochs === epochs && last.epochs === epochs;
    return took === null || !alike ? null : { seconds: took, known: "whole" };
  }
  const beside = took === null || last === undefined || last.recipe.epochs != null ? -1 : took - last.recipe.budget_s;
  return beside < 0 ? { seconds: budget, known: "learning" } : { seconds: budget + beside, known: "whole" };
}

/** What a refusal says of a recipe's fields, by their places in the recipe (`losses.0.part`). */
export function refusals(error: unknown): readonly FieldError[] {
  if (!(error instanceof Problem)) return [];
  return error.fields.map(({ field, message }) => ({ field: field.replace(/^recipe\./, ""), message }));
}

/** What is said of a place, and of all that stands in it unless of that place `only`. */
export function saidOf(errors: readonly FieldError[], place: string, only = false): readonly string[] {
  return errors
    .filter(({ field }) => field === place || (!only && field.startsWith(`${place}.`)))
    .map(({ message }) => message);
}
