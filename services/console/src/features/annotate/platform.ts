/** How the drawings of a project are read and saved, and the one workbook that each project has in this tab. */
import type { QueryClient } from "@tanstack/react-query";
import { clearAnnotation, dropDraft, getAnnotation, keepDraft, saveAnnotation, type Annotation } from "../../api/annotation";
import { Problem } from "../../api/problem";
import type { Project } from "../../api/workspace";
import type { Desk } from "../../editor/desk";
import { fromAnnotation, isAnnotated, lacksLabel, toWire, type Drawing } from "../../editor/shapes";
import { Workbook, type Platform, type Saved } from "../../editor/workbook";
import { noteAnnotation } from "./reviewing";

export function savedOf(annotation: Annotation): Saved {
  return { version: annotation.version, drawing: fromAnnotation(annotation), author: annotation.author };
}

/** What the platform keeps of a draft, in characters; a longer one is in this browser alone. */
const LONGEST_DRAFT = 1 << 19;

/** Whose images they are, and what it looks for on them. */
type Of = Pick<Project, "id" | "task">;

function platformOf({ id: projectId, task }: Of, onSaved: (imageId: string, annotation: Annotation) => void): Platform {
  const read = async (imageId: string): Promise<Saved> => savedOf(await getAnnotation(projectId, imageId));
  return {
    read,
    drafts: {
      keep: async (imageId, work) => (work.length > LONGEST_DRAFT ? undefined : keepDraft(projectId, imageId, work)),
      drop: async (imageId) => dropDraft(projectId, imageId),
    },
    lacks: (drawing) => isAnnotated(drawing) && lacksLabel(drawing, task),
    write: async (imageId, drawing, over) => {
      const annotation = isAnnotated(drawing)
        ? await saveAnnotation(projectId, imageId, Math.max(0, over.version), toWire(drawing))
        : await cleared(imageId, over);
      onSaved(imageId, annotation);
      return savedOf(annotation);
    },
  };

  /** Neither shapes nor a word that there are none: the image is unannotated again. */
  async function cleared(imageId: string, over: Saved): Promise<Annotation> {
    const stands = isAnnotated(over.drawing);
    if (stands) await clearAnnotation(projectId, imageId, Math.max(0, over.version));
    const now = await getAnnotation(projectId, imageId);
    if (now.annotated || (!stands && now.version !== over.version)) {
      throw new Problem({ code: "version-conflict", status: 412, title: "" });
    }
    return now;
  }
}

const workbooks = new WeakMap<QueryClient, Map<string, Workbook>>();

/** Outlives the page: what is not saved yet goes on while the reader is elsewhere in the console. */
export function workbookOf(queries: QueryClient, project: Of): Workbook {
  const projectId = project.id;
  const books = workbooks.get(queries) ?? new Map<string, Workbook>();
  workbooks.set(queries, books);
  const known = books.get(projectId);
  if (known !== undefined) return known;
  const book = new Workbook(
    projectId,
    platformOf(project, (imageId, annotation) => {
      noteAnnotation(queries, projectId, imageId, annotation);
      void queries.invalidateQueries({ queryKey: ["images", projectId] });
      void queries.invalidateQueries({ queryKey: ["labels", projectId] });
    }),
  );
  books.set(projectId, book);
  return book;
}

/** The drawing with every shape of a label under its new name, or without them. */
export function withLabel(name: string, renamed: string | null) {
  return (drawing: Drawing): Drawing => {
    if (!drawing.shapes.some(({ label }) => label === name)) return drawing;
    const shapes = drawing.shapes.flatMap((shape) => {
      if (shape.label !== name) return [shape];
      return renamed === null ? [] : [{ ...shape, label: renamed }];
    });
    return { shapes, nothing: false };
  };
}

/** What lies ready under the label's new name; copies of a deleted label would bring it back. */
export function deskWithLabel(desk: Desk, name: string, renamed: string | null): Desk {
  const { shapes: copied } = withLabel(name, renamed)({ shapes: desk.copied, nothing: false });
  return { ...desk, copied, label: desk.label === name ? (renamed ?? "") : desk.label };
}
