// @vitest-environment happy-dom
import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { annotation, image, imageDetail, imageLimits, project } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const IMAGE = "GET /api/gallery/projects/p1/images/:id";
const ANNOTATION = "GET /api/annotation/projects/p1/images/:id";
const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  "GET /api/gallery/limits": imageLimits(),
  "GET /api/gallery/projects/p1/summary": { total: 1, labelled: 1, unlabelled: 0, tested: 0, recommended: 30 },
  "GET /api/annotation/projects/p1/labels": { items: [{ id: "l1", name: "scratch" }] },
  "GET /api/gallery/projects/p1/images": pageOf(image()),
  "GET /api/gallery/projects/p1/images/:id/thumbnail": () => new HttpResponse(new Blob(["x"])),
  "GET /api/gallery/projects/p1/images/:id/content": () => new HttpResponse(new Blob(["x"])),
  [IMAGE]: imageDetail(),
  [ANNOTATION]: annotation(),
};

describe.each(LANGUAGES)("an image of the gallery in %s", (language) => {
  const opened = () => {
    const { words } = open("/projects/p1/gallery?image=i1", language);
    return { words, drawer: async () => within(await screen.findByRole("dialog")) };
  };

  test("without an annotation it is shown with its facts alone", async () => {
    answers({ ...AROUND, [IMAGE]: imageDetail({ status: "unlabelled" }), [ANNOTATION]: annotation({ shapes: [], annotated: false }) });
    const { words, drawer } = opened();
    const inside = await drawer();
    await seen(() => inside.getByText("640 × 480"));
    expect(inside.getAllByText(words.imageStatus.unlabelled)[0]).toBeVisible();
    expect(inside.queryByTitle("scratch")).toBeNull();
  });

  test.each([
    ["the image", IMAGE, imageDetail()],
    ["its annotation", ANNOTATION, annotation()],
  ])("refused %s, it says why and tries again when asked to", async (_, route, answer) => {
    answers({ ...AROUND, [route]: () => problem(409, "conflict") });
    const { words, drawer } = opened();
    const inside = await drawer();
    await seen(() => inside.getByText(words.problems.conflict));
    answers({ [route]: answer });
    await userEvent.click(inside.getByRole("button", { name: words.common.retry }));
    expect(await inside.findByTitle("scratch")).toBeInTheDocument();
    expect(inside.queryByText(words.problems.conflict)).toBeNull();
  });

  test("what was cut shows every tile, each of which opens", async () => {
    const tile = { id: "t1", name: "part-1 (1, 2).jpg", row: 0, column: 1, offset_x: 320, offset_y: 0, width: 320, height: 480 };
    const tiles = [tile] as ReturnType<typeof imageDetail>["tile_images"];
    answers({ ...AROUND, [IMAGE]: imageDetail({ tiles: 1, tile_images: tiles }) });
    const { words, drawer } = opened();
    const inside = await drawer();
    const strip = within(await inside.findByTestId("tile-strip"));
    expect(strip.getByTitle(words.gallery.tileAt(1, 2))).toBeInTheDocument();
  });
});
