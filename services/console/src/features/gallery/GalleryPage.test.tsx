// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { annotation, image, imageDetail, imageLimits, project } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const IMAGES = "GET /api/gallery/projects/p1/images";
const LIMITS = "GET /api/gallery/limits";
const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  [LIMITS]: imageLimits(),
  "GET /api/gallery/projects/p1/summary": { total: 62, labelled: 56, unlabelled: 6, tested: 0, recommended: 30 },
  "GET /api/annotation/projects/p1/labels": { items: [] },
  "GET /api/gallery/projects/p1/images/:id/thumbnail": () => new HttpResponse(new Blob(["x"])),
  "GET /api/gallery/projects/p1/images/:id/content": () => new HttpResponse(new Blob(["x"])),
  "GET /api/gallery/projects/p1/images/:id": imageDetail(),
  "GET /api/annotation/projects/p1/images/:id": annotation(),
};
const ROWS = Array.from({ length: 12 }, (_, place) => image({ id: `i${place}`, name: `part-${place}.jpg` }));

/** A list of these rows that is cut into pages as the gallery service does it. */
function listed(rows: readonly ReturnType<typeof image>[]) {
  return ({ url }: Request): Response => {
    const { searchParams } = new URL(url);
    const [page, size] = [Number(searchParams.get("page")), Number(searchParams.get("page_size"))];
    const items = rows.slice((page - 1) * size, page * size);
    return HttpResponse.json({ items, total: rows.length, page, page_size: size, next_cursor: null });
  };
}

describe.each(LANGUAGES)("the gallery in %s", (language) => {
  test("without an image it invites to upload some", async () => {
    answers({ ...AROUND, [IMAGES]: pageOf() });
    const { words } = open("/projects/p1/gallery", language);
    await seen(() => screen.getByText(words.gallery.none));
    await userEvent.click(screen.getByRole("button", { name: words.gallery.uploadFirst }));
    expect(await screen.findByText(words.gallery.limitFormat(2))).toBeInTheDocument();
    expect(screen.getByText(words.gallery.limitPixels("30 × 30", "900 × 700"))).toBeInTheDocument();
  });

  test("the advice of an upload takes its place before the limits are told", async () => {
    let tell: (answer: Response) => void = () => undefined;
    const told = new Promise<Response>((resolve) => (tell = resolve));
    answers({ ...AROUND, [IMAGES]: pageOf(), [LIMITS]: () => told });
    const { words } = open("/projects/p1/gallery", language);
    await userEvent.click(await screen.findByRole("button", { name: words.gallery.uploadFirst }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByText(words.gallery.limitFormat("…"))).toBeInTheDocument();
    const lines = dialog.getAllByRole("listitem").length;
    tell(HttpResponse.json(imageLimits()));
    expect(await dialog.findByText(words.gallery.limitFormat(2))).toBeInTheDocument();
    expect(dialog.getAllByRole("listitem")).toHaveLength(lines);
  });

  test("refused, it says why and tries again when asked to", async () => {
    answers({ ...AROUND, [IMAGES]: () => problem(409, "conflict") });
    const { words } = open("/projects/p1/gallery", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [IMAGES]: listed(ROWS) });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByText("part-0.jpg"));
  });

  test("labels are counted, each name once, with every one of them in the title", async () => {
    answers({ ...AROUND, [IMAGES]: listed(ROWS.slice(0, 1)) });
    const { words } = open("/projects/p1/gallery", language);
    const row = within(await screen.findByRole("row", { name: /part-0\.jpg/ }));
    expect(row.getByTitle("scratch, scratch, pore")).toHaveTextContent("scratch × 2pore × 1");
    expect(screen.getByText(words.common.total(1))).toBeVisible();
  });
});

test("a page that its last image has left is never shown as an empty gallery", async () => {
  answers({ ...AROUND, [IMAGES]: listed(ROWS) });
  const { router } = open("/projects/p1/gallery?page=7", "en");
  await seen(() => screen.getByText("part-11.jpg"));
  expect(router.state.location.search).toBe("?page=2");
});

test("every filter counts at once, without a button", async () => {
  answers({ ...AROUND, [IMAGES]: listed(ROWS) });
  const { router, words } = open("/projects/p1/gallery", "en");
  await userEvent.type(await screen.findByRole("textbox", { name: words.gallery.name }), "part-1");
  await waitFor(() => expect(router.state.location.search).toBe("?name=part-1"));
  await userEvent.click(screen.getByTestId("summary-labelled"));
  await waitFor(() => expect(router.state.location.search).toBe("?name=part-1&status=labelled"));
  await userEvent.click(screen.getByRole("button", { name: words.gallery.reset }));
  await waitFor(() => expect(router.state.location.search).toBe(""));
});

test("the next image follows over the end of a page, and Back closes the image", async () => {
  answers({ ...AROUND, [IMAGES]: listed(ROWS) });
  const { router, words } = open("/projects/p1/gallery", "en");
  const last = await screen.findByRole("row", { name: /part-9\.jpg/ });
  await userEvent.click(within(last).getByRole("button", { name: words.common.view }));
  await seen(() => screen.getByText(words.gallery.placeOf(10, 12)));
  await userEvent.keyboard("{ArrowRight}");
  await seen(() => screen.getByText(words.gallery.placeOf(11, 12)));
  expect(router.state.location.search).toBe("?image=i10&page=2");
  await userEvent.keyboard("{ArrowLeft}");
  await seen(() => screen.getByText(words.gallery.placeOf(10, 12)));
  await router.navigate(-1);
  await waitFor(() => expect(router.state.location.search).toBe(""));
});

test("a hundred rows are drawn without an error", async () => {
  const hundred = Array.from({ length: 100 }, (_, place) => image({ id: `i${place}`, name: `part-${place}.jpg` }));
  answers({ ...AROUND, [IMAGES]: listed(hundred) });
  open("/projects/p1/gallery?page_size=100", "en");
  await seen(() => screen.getByText("part-99.jpg"));
});
