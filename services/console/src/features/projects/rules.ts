/** What a project may be; the server has the last word, this saves the way to it. */
import type { Task } from "../../api/workspace";

export const NAME_LIMIT = 20;
export const NOTES_LIMIT = 100;

/** The types whose whole loop works today. */
export const TRAINABLE_TASKS: readonly Task[] = ["detection", "classification"];

/** Text lines may not be cut in two, and a label of a whole image has no place in a tile. */
export function mayTile(task: Task | undefined): boolean {
  return task === "detection" || task === "instance_segmentation" || task === "semantic_segmentation";
}
