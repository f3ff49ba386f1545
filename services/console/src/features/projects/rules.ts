/** What a project may be; the server has the last word, this saves the way to it. */
import { FACTS } from "../../api/generated/facts";
import type { Task } from "../../api/workspace";

/** Text lines may not be cut in two, and a label of a whole image has no place in a tile. */
export function mayTile(task: Task | undefined): boolean {
  return task !== undefined && FACTS.tasks[task].may_be_cut;
}
