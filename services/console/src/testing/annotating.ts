/** An annotate page over a platform at the HTTP boundary. */
import { screen, waitFor } from "@testing-library/react";
import { HttpResponse } from "msw";
import { expect } from "vitest";
import type { Annotation, Label, ShapeKind } from "../api/annotation";
import { annotation, image, project } from "./builders";
import { pageOf } from "./platform";
import { keepSession } from "./session";

export const IMAGES = "GET /api/gallery/projects/p1/images";
export const LABELS = "GET /api/annotation/projects/p1/labels";
export const READ = "GET /api/annotation/projects/p1/images/:id";
export const DRAFT = "GET /api/annotation/projects/p1/images/:id/draft";
export const UNSURE = "GET /api/inference/projects/p1/unsure-images";
export const BARE: Partial<Annotation> = { shapes: [], annotated: false, version: 0 };

/** Labels of these names, and the kinds that may carry them. */
export function vocabulary(kinds: readonly ShapeKind[], ...names: string[]) {
  const plain = { colour: "", hotkey: "", note: "", version: 1, created_at: "2026-11-26T08:00:00Z" };
  const items = names.map((name, place): Label => ({ ...plain, id: `l${place}`, name }));
  return { items, total: items.length, shape_kinds: kinds };
}

/** What the annotate page asks for, of two images and two labels. */
export function around(read: Partial<Annotation> = {}) {
  return {
    "GET /api/workspace/projects/p1": project(),
    [IMAGES]: pageOf(
      image({ id: "i1", name: "one.jpg", status: "labelled" }),
      image({ id: "i2", name: "two.jpg", status: "unlabelled" }),
    ),
    [LABELS]: vocabulary(["box", "rotated_box"], "scratch", "pore"),
    [READ]: annotation(read),
    [DRAFT]: { work: "", kept_at: null },
    [UNSURE]: { version: "", items: [] },
    "GET /api/gallery/projects/p1/images/:id/thumbnail": () => new HttpResponse(new Blob(["x"])),
    "GET /api/gallery/projects/p1/images/:id/content": () => new HttpResponse(new Blob(["x"])),
  };
}

/** After each test: nothing unsaved is left, and somebody is signed in. */
export async function settled(): Promise<void> {
  // What one test leaves unsaved would be tried again into a later one.
  if (screen.queryByTestId("save-state") !== null) {
    await waitFor(() => expect(screen.getByTestId("save-state")).toHaveClass("save-saved"));
  }
  localStorage.clear();
  keepSession();
}
