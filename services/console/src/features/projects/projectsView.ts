/** The list of projects as its address tells it, so that a view survives going back. */
import { TASKS, type ProjectQuery, type Task } from "../../api/workspace";

export type ProjectSort = NonNullable<ProjectQuery["sort"]>;

export const SORTS: readonly ProjectSort[] = ["-created_at", "created_at", "name", "-name"];

export interface ProjectsView {
  readonly name: string;
  readonly task: Task | null;
  readonly archived: boolean;
  readonly sort: ProjectSort;
  readonly page: number;
}

export const ALL_PROJECTS: ProjectsView = { name: "", task: null, archived: false, sort: "-created_at", page: 1 };

export function readProjectsView(parameters: URLSearchParams): ProjectsView {
  const page = Number(parameters.get("page"));
  return {
    name: parameters.get("name") ?? "",
    task: TASKS.find((known) => known === parameters.get("task")) ?? null,
    archived: parameters.get("archived") === "true",
    sort: SORTS.find((known) => known === parameters.get("sort")) ?? ALL_PROJECTS.sort,
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** Only what differs from the plain list stands in the address. */
export function writeProjectsView(view: ProjectsView): URLSearchParams {
  const parameters = new URLSearchParams();
  if (view.name !== "") parameters.set("name", view.name);
  if (view.task !== null) parameters.set("task", view.task);
  if (view.archived) parameters.set("archived", "true");
  if (view.sort !== ALL_PROJECTS.sort) parameters.set("sort", view.sort);
  if (view.page !== 1) parameters.set("page", String(view.page));
  return parameters;
}

/** The list as the workspace takes it, without its page. */
export function toProjectQuery({ name, task, archived, sort }: ProjectsView): ProjectQuery {
  return { archived, sort, ...(name === "" ? {} : { name }), ...(task === null ? {} : { task }) };
}

/** Whether the view leaves out projects that are at work, so that an empty list means no empty tenant. */
export function narrows({ name, task, archived }: ProjectsView): boolean {
  return name !== "" || task !== null || archived;
}
