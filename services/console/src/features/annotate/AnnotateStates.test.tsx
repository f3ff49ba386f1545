// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import type { Change } from "../../api/annotation";
import { fromAnnotation, fromShape } from "../../editor/shapes";
import { DRAFT, IMAGES, LABELS, READ, UNSURE } from "../../testing/annotating";
import { annotation, image, project } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const CHANGES = "GET /api/annotation/projects/p1/images/:id/history";
const VOCABULARY = { items: [{ id: "l1", name: "scratch" }], total: 1, shape_kinds: ["box"] };
const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  [IMAGES]: pageOf(image()),
  [LABELS]: VOCABULARY,
  [READ]: annotation(),
  [DRAFT]: { work: "", kept_at: null },
  [UNSURE]: { version: "", items: [] },
  "GET /api/gallery/projects/p1/images/:id/thumbnail": () => new HttpResponse(new Blob(["x"])),
  "GET /api/gallery/projects/p1/images/:id/content": () => new HttpResponse(new Blob(["x"])),
};
const refused = () => problem(409, "conflict");

describe.each(LANGUAGES)("the annotate page in %s", (language) => {
  test.each([
    ["the list of images", IMAGES, pageOf(image())],
    ["the labels", LABELS, VOCABULARY],
    ["the annotation", READ, annotation()],
  ])("refused %s, it says why and tries again when asked to", async (_, route, answer) => {
    answers({ ...AROUND, [route]: refused });
    const { words } = open("/projects/p1/annotate/i1", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [route]: answer });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByRole("button", { name: "scratch" }));
    expect(screen.queryByText(words.problems.conflict)).toBeNull();
  });

  test("where no image has the status that was asked for, it leads back to all", async () => {
    answers({
      ...AROUND,
      [IMAGES]: ({ url }) => HttpResponse.json(url.includes("status=tested") ? pageOf() : pageOf(image())),
    });
    const { router, words } = open("/projects/p1/annotate?status=tested", language);
    await seen(() => screen.getByText(words.annotate.noMatch));
    await userEvent.click(screen.getByRole("link", { name: words.common.all }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/projects/p1/annotate/i1"));
  });
});

function change(part: Partial<Change> = {}): Change {
  return {
    seq: 1,
    at: "2026-11-26T08:00:00Z",
    author: "ann",
    role: "engineer",
    reason: "saved",
    prediction_id: null,
    annotated: true,
    before: [],
    after: [],
    ignore_regions: [],
    ...part,
  };
}

describe.each(LANGUAGES)("the history of an annotation in %s", (language) => {
  const opened = async () => {
    const { words } = open("/projects/p1/annotate/i1", language);
    await userEvent.click(await screen.findByRole("button", { name: words.annotate.history }));
    return { words, drawer: within(await screen.findByRole("dialog")) };
  };

  test("without a step it says that nobody has annotated the image", async () => {
    answers({ ...AROUND, [CHANGES]: pageOf() });
    const { words, drawer } = await opened();
    await seen(() => drawer.getByText(words.annotate.historyNone));
  });

  test("refused, it says why and tries again when asked to", async () => {
    answers({ ...AROUND, [CHANGES]: refused });
    const { words, drawer } = await opened();
    await seen(() => drawer.getByText(words.problems.conflict));
    answers({ [CHANGES]: pageOf(change()) });
    await userEvent.click(drawer.getByRole("button", { name: words.common.retry }));
    await seen(() => drawer.getByText("ann"));
  });

  test("a step is compared with what is drawn now, in words and on the picture", async () => {
    const { shapes } = annotation();
    const other = { ...shapes[0], id: "s2", label: "pore", kind: "box" as const, points: [[100, 100], [140, 130]] };
    const region = { points: [[0, 0], [9, 0], [9, 9]] };
    answers({
      ...AROUND,
      [CHANGES]: pageOf(change({ seq: 3, after: shapes }), change({ seq: 2, after: [other], ignore_regions: [region] })),
    });
    const { words, drawer } = await opened();
    const compare = async (place: number) => {
      await userEvent.click(drawer.getAllByRole("button", { name: words.annotate.compare })[place] as HTMLElement);
    };
    const caption = (text: string) => screen.queryByText(text, { selector: "svg text" });
    await seen(() => drawer.getAllByRole("button", { name: words.annotate.compare })[1] as HTMLElement);
    await compare(1);
    await seen(() => drawer.getByText(words.annotate.sinceThen(1, 0, 2)));
    expect(caption(words.annotate.then("pore"))).not.toBeNull();
    expect(caption(words.annotate.then(words.editor.ignored))).not.toBeNull();
    expect(caption(words.annotate.since("scratch"))).not.toBeNull();
    await compare(0);
    await seen(() => drawer.getByText(words.annotate.sameAsNow));
    expect(caption(words.annotate.then("pore"))).toBeNull();
    await compare(0);
    expect(drawer.queryByRole("status")).toBeNull();
  });

  test("what comes back brings the ignore regions of then, and compared it is the same", async () => {
    const saved: { ignore_regions: object[]; shapes: object[] }[] = [];
    const { shapes } = annotation();
    const region = { points: [[0, 0], [9, 0], [9, 9]] };
    answers({
      ...AROUND,
      [CHANGES]: pageOf(change({ seq: 2, after: shapes, ignore_regions: [region] })),
      "PUT /api/annotation/projects/p1/images/:id": async (request) => {
        const body = (await request.json()) as (typeof saved)[number];
        saved.push(body);
        return HttpResponse.json(annotation({ shapes, ignore_regions: [region], version: 4 }));
      },
    });
    const { words, drawer } = await opened();
    await seen(() => drawer.getByRole("button", { name: words.annotate.bringBack }));
    await userEvent.click(drawer.getByRole("button", { name: words.annotate.bringBack }));
    await waitFor(() => expect(saved).toHaveLength(1));
    expect(saved[0]?.ignore_regions).toEqual([region]);
    await userEvent.click(drawer.getByRole("button", { name: words.annotate.compare }));
    await seen(() => drawer.getByText(words.annotate.sameAsNow));
  });

  test("every step says who and why, and comes back at a click", async () => {
    const { shapes } = annotation();
    const taken: string[] = [];
    answers({
      ...AROUND,
      [CHANGES]: pageOf(change({ seq: 2, author: "ben", after: shapes }), change({ reason: "cleared", annotated: false })),
      "DELETE /api/annotation/projects/p1/images/:id": ({ url }) => {
        taken.push(new URL(url).pathname);
        answers({ [READ]: annotation({ shapes: [], annotated: false, version: 4 }) });
        return new HttpResponse(null, { status: 204 });
      },
    });
    const { words, drawer } = await opened();
    await seen(() => drawer.getByText("ben"));
    expect(drawer.getByText(new RegExp(words.annotate.reasons.cleared))).toBeVisible();
    await userEvent.click(drawer.getAllByRole("button", { name: words.annotate.bringBack })[1] as HTMLElement);
    await waitFor(() => expect(screen.queryByRole("button", { name: "scratch" })).toBeNull());
    await waitFor(() => expect(screen.getByTestId("save-state")).toHaveTextContent(words.annotate.saved));
    expect(taken).toEqual(["/api/annotation/projects/p1/images/i1"]);
  });
});

describe.each(LANGUAGES)("a draft of another browser in %s", (language) => {
  const { shapes, version } = annotation();
  const base = { version, drawing: fromAnnotation(annotation()), author: "ann" };
  const other = { id: "s2", label: "scratch", kind: "box" as const, points: [[100, 100], [140, 130]] };
  const work = JSON.stringify({ base, drawing: { shapes: [...base.drawing.shapes, fromShape(other, "s2")], nothing: false }, conflicts: [] });
  const draft = { work, kept_at: "2026-11-28T08:00:00Z" };

  test("is offered, gone on with, and saved", async () => {
    const saved: string[][] = [];
    answers({
      ...AROUND,
      [DRAFT]: draft,
      "DELETE /api/annotation/projects/p1/images/:id/draft": () => new HttpResponse(null, { status: 204 }),
      "PUT /api/annotation/projects/p1/images/:id": async (request) => {
        const body = (await request.json()) as { shapes: { id: string }[] };
        saved.push(body.shapes.map(({ id }) => id));
        return HttpResponse.json(annotation({ shapes: [...shapes, other], version: 4 }));
      },
    });
    const { words } = open("/projects/p1/annotate/i1", language);
    await userEvent.click(await screen.findByRole("button", { name: words.annotate.goOnWith }));
    await waitFor(() => expect(saved).toEqual([["s1", "s2"]]));
    await waitFor(() => expect(screen.getByTestId("save-state")).toHaveTextContent(words.annotate.saved));
    expect(screen.queryByTestId("draft-offered")).toBeNull();
  });

  test("is thrown away where nobody wants it", async () => {
    const dropped: string[] = [];
    answers({
      ...AROUND,
      [DRAFT]: draft,
      "DELETE /api/annotation/projects/p1/images/:id/draft": ({ url }) => {
        dropped.push(new URL(url).pathname);
        return new HttpResponse(null, { status: 204 });
      },
    });
    const { words } = open("/projects/p1/annotate/i1", language);
    await userEvent.click(await screen.findByRole("button", { name: words.annotate.throwAway }));
    await waitFor(() => expect(dropped).toEqual(["/api/annotation/projects/p1/images/i1/draft"]));
    await waitFor(() => expect(screen.queryByTestId("draft-offered")).toBeNull());
  });

  test("that cannot be thrown away stays, and says why", async () => {
    answers({ ...AROUND, [DRAFT]: draft, "DELETE /api/annotation/projects/p1/images/:id/draft": refused });
    const { words } = open("/projects/p1/annotate/i1", language);
    await userEvent.click(await screen.findByRole("button", { name: words.annotate.throwAway }));
    await screen.findByText(words.problems.conflict);
    expect(screen.getByTestId("draft-offered")).toBeVisible();
  });

  test("that cannot be had disturbs nobody", async () => {
    let asked = 0;
    answers({
      ...AROUND,
      [DRAFT]: () => {
        asked += 1;
        return problem(403, "forbidden");
      },
    });
    const { words } = open("/projects/p1/annotate/i1", language);
    await waitFor(() => expect(asked).toBe(1));
    await waitFor(() => expect(screen.getByTestId("save-state")).toHaveTextContent(words.annotate.saved));
    expect(screen.queryByTestId("draft-offered")).toBeNull();
  });
});
