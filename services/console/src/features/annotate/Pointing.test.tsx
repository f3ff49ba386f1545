// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import type { Annotation } from "../../api/annotation";
import { around, BARE, settled } from "../../testing/annotating";
import { annotation } from "../../testing/builders";
import { answers, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const OUTLINE = "GET /api/inference/projects/p1/images/:id/outline";
const FOUND = { kind: "box", points: [[10, 10], [60, 40]], rle: null, angle: null, score: 0.7, version: null };

afterEach(async () => {
  // A preview that is left open is made, and would be the next test's draft.
  await userEvent.keyboard("{Escape}");
  await settled();
});

/** Answers clicks by a box, and keeps what came in. */
function outlining(): string[] {
  const asked: string[] = [];
  answers({
    [OUTLINE]: (request) => {
      const { searchParams } = new URL(request.url);
      asked.push(`${searchParams.get("kind")} ${searchParams.get("clicks")}`);
      return HttpResponse.json(FOUND);
    },
    "PUT /api/annotation/projects/p1/images/:id": async (request) =>
      HttpResponse.json(annotation({ ...((await request.json()) as Partial<Annotation>), version: 1, annotated: true })),
    "DELETE /api/annotation/projects/p1/images/:id": () => new HttpResponse(null, { status: 204 }),
  });
  return asked;
}

const shapes = () => document.querySelectorAll(".editor [data-shape]");

function canvas(): Element {
  const layer = document.querySelector(".editor");
  if (layer === null) throw new Error("no canvas");
  return layer;
}

function click(x: number, y: number, how: { readonly button?: number; readonly altKey?: boolean } = {}): void {
  fireEvent.pointerDown(canvas(), { button: 0, clientX: x, clientY: y, ...how });
  fireEvent.pointerUp(canvas(), { button: 0, clientX: x, clientY: y, ...how });
}

describe.each(LANGUAGES)("pointing in %s", (language) => {
  test("clicks inside and outside are answered, taken back, kept by Enter and undone", async () => {
    answers(around(BARE));
    const asked = outlining();
    const { words } = open("/projects/p1/annotate/i1", language);
    await screen.findByRole("toolbar");
    await userEvent.keyboard("`");
    await seen(() => screen.getByText(words.editor.pointHint));
    click(20, 20);
    await waitFor(() => expect(shapes()).toHaveLength(1));
    click(90, 20, { button: 2 });
    click(95, 30, { altKey: true });
    await waitFor(() => expect(asked).toEqual([
      "box in:20.0,20.0",
      "box in:20.0,20.0;out:90.0,20.0",
      "box in:20.0,20.0;out:90.0,20.0;out:95.0,30.0",
    ]));
    await seen(() => screen.getByText(words.editor.pointMore));
    expect(document.querySelectorAll(".editor-click")).toHaveLength(3);
    await userEvent.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(asked).toHaveLength(4));
    expect(asked.at(-1)).toBe("box in:20.0,20.0;out:90.0,20.0");
    await waitFor(() => expect(screen.getByRole("button", { name: words.editor.make })).not.toHaveClass("ant-btn-loading"));
    await userEvent.keyboard("{Enter}");
    expect(document.querySelectorAll(".editor-click")).toHaveLength(0);
    expect(shapes()).toHaveLength(1);
    await userEvent.keyboard("{Control>}z{/Control}");
    expect(shapes()).toHaveLength(0);
  });

  test("Escape drops it, and a click outside of nothing means nothing", async () => {
    answers(around(BARE));
    const asked = outlining();
    open("/projects/p1/annotate/i1", language);
    await screen.findByRole("toolbar");
    await userEvent.keyboard("`");
    click(90, 20, { button: 2 });
    click(20, 20);
    await waitFor(() => expect(shapes()).toHaveLength(1));
    expect(asked).toEqual(["box in:20.0,20.0"]);
    await userEvent.keyboard("{Escape}");
    expect(shapes()).toHaveLength(0);
    expect(document.querySelectorAll(".editor-click")).toHaveLength(0);
  });

  test("a click that gets no answer is told and taken back; what was there stays", async () => {
    answers(around(BARE));
    outlining();
    const { words } = open("/projects/p1/annotate/i1", language);
    await screen.findByRole("toolbar");
    await userEvent.keyboard("`");
    click(20, 20);
    await waitFor(() => expect(shapes()).toHaveLength(1));
    answers({ [OUTLINE]: () => problem(422, "not-an-image") });
    click(50, 50);
    expect(await screen.findByText(words.problems["not-an-image"])).toBeInTheDocument();
    expect(document.querySelectorAll(".editor-click")).toHaveLength(1);
    expect(shapes()).toHaveLength(1);
  });

  test("nobody is told that a click got no answer once the image is left", async () => {
    answers(around(BARE));
    outlining();
    const refusals: ((code: string) => void)[] = [];
    answers({ [OUTLINE]: () => new Promise<Response>((resolve) => refusals.push((code) => resolve(problem(422, code)))) });
    const { router, words } = open("/projects/p1/annotate/i1", language);
    await screen.findByRole("toolbar");
    await userEvent.keyboard("`");
    click(20, 20);
    await waitFor(() => expect(refusals).toHaveLength(1));
    await act(() => router.navigate("/projects/p1/annotate/i2"));
    await waitFor(() => expect(document.querySelectorAll(".editor-click")).toHaveLength(0));
    click(30, 30);
    await waitFor(() => expect(refusals).toHaveLength(2));
    refusals[0]?.("not-an-image");
    refusals[1]?.("conflict");
    await screen.findByText(words.problems.conflict);
    expect(screen.queryByText(words.problems["not-an-image"])).toBeNull();
  });

  test("a wish for a rotated box asks anew", async () => {
    answers(around(BARE));
    const asked = outlining();
    const { words } = open("/projects/p1/annotate/i1", language);
    await screen.findByRole("toolbar");
    await userEvent.keyboard("`");
    click(20, 20);
    await waitFor(() => expect(shapes()).toHaveLength(1));
    await userEvent.click(screen.getByText(words.editor.made.rotated_box));
    await waitFor(() => expect(asked.at(-1)).toBe("rotated_box in:20.0,20.0"));
    expect(screen.getByRole("button", { name: words.editor.make })).toBeVisible();
  });
});
