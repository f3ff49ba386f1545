import type { Task } from "../../api/workspace";
import type { Words } from "../../i18n/language";

interface Found {
  readonly kind: string;
  readonly label: string;
  readonly score?: number | null;
}

/** What is on an image in a few words: its label in a classification, else how many objects were found. */
export function said(words: Words, task: Task, shapes: readonly Found[]): string {
  if (task !== "classification") return words.test.found(shapes.length);
  const best = shapes.find(({ kind }) => kind === "image");
  if (best === undefined) return words.test.noLabel;
  return best.score == null ? best.label : `${best.label} ${best.score.toFixed(2)}`;
}
