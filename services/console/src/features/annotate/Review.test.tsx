// @vitest-environment happy-dom
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import type { Annotation } from "../../api/annotation";
import { around, BARE, IMAGES, READ, settled } from "../../testing/annotating";
import { annotation, image } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { keepSession, otherTabSpoke } from "../../testing/session";

const REVIEW = "POST /api/annotation/projects/p1/images/:id/reviews";
const AT = "2026-11-26T08:00:00Z";

/** One annotation as the service keeps it: a change makes it a draft, a word is of the version that was read. */
function platform(first: Partial<Annotation> = {}) {
  let now = annotation(first);
  const said: { word: string; comment: string; version: string | null }[] = [];
  answers({
    ...around(),
    [READ]: () => HttpResponse.json(now),
    "PUT /api/annotation/projects/p1/images/:id": async (request) => {
      const body = (await request.json()) as Pick<Annotation, "shapes" | "ignore_regions">;
      now = { ...now, ...body, review: "draft", version: now.version + 1 };
      return HttpResponse.json(now);
    },
    [REVIEW]: async (request) => {
      const body = (await request.json()) as Annotation["reviews"][number];
      said.push({ word: body.word, comment: body.comment, version: request.headers.get("If-Match") });
      const reviews = [{ ...body, author: "ann", role: "engineer", at: AT }, ...now.reviews];
      now = { ...now, review: body.word, reviews, version: now.version + 1 };
      return HttpResponse.json(now, { status: 201 });
    },
  });
  return said;
}

const bar = () => within(screen.getByTestId("review"));
const stands = (word: string) => waitFor(() => expect(bar().getByText(word)).toBeVisible());

/** Somebody with this role signs in, in another tab. */
function is(role?: string): void {
  keepSession("token", role);
  act(otherTabSpoke);
}

afterEach(settled);

describe.each(LANGUAGES)("the review of an annotation in %s", (language) => {
  test("work is saved before it is handed in, by key, and the strip tells it", async () => {
    const said = platform();
    const { words } = open("/projects/p1/annotate/i1", language);
    await stands(words.reviewState.draft);
    await userEvent.keyboard(".{ArrowRight}{F2}");
    await stands(words.reviewState.submitted);
    expect(said).toEqual([{ word: "submitted", comment: "", version: '"4"' }]);
    expect(screen.getByTitle(`one.jpg · ${words.imageStatus.labelled} · ${words.reviewState.submitted}`)).toBeInTheDocument();
    expect(screen.queryByText(words.annotate.merged("ann"))).toBeNull();
    await userEvent.keyboard("{F8}");
    await stands(words.reviewState.accepted);
    expect(said.at(-1)).toEqual({ word: "accepted", comment: "", version: '"5"' });
    await userEvent.keyboard("{ArrowRight}");
    await stands(words.reviewState.draft);
  });

  test("it is returned with a reason only, which whoever works on it reads", async () => {
    const said = platform({ review: "submitted" });
    const { words } = open("/projects/p1/annotate/i1", language);
    await stands(words.reviewState.submitted);
    await userEvent.keyboard("{F9}");
    const dialog = await screen.findByRole("dialog");
    const send = within(dialog).getByRole("button", { name: new RegExp(words.annotate.sendBack.split("").join("\\s?")) });
    expect(send).toBeDisabled();
    await userEvent.type(within(dialog).getByRole("textbox"), "F8 too loose");
    await userEvent.click(send);
    await stands(words.reviewState.returned);
    expect(said).toEqual([{ word: "returned", comment: "F8 too loose", version: '"3"' }]);
    expect(within(screen.getByTestId("returned")).getByText("F8 too loose")).toBeVisible();
    answers({ "GET /api/annotation/projects/p1/images/:id/history": pageOf() });
    await userEvent.click(screen.getByRole("button", { name: words.annotate.history }));
    const drawer = await screen.findByRole("region", { name: words.annotate.review });
    expect(within(drawer).getByText("F8 too loose")).toBeInTheDocument();
  });

  test("an annotator hands in and decides nothing, a viewer says nothing", async () => {
    for (const [role, shown] of [["annotator", ["submit"]], ["viewer", []]] as const) {
      const said = platform();
      const { words, unmount } = open("/projects/p1/annotate/i1", language);
      await stands(words.reviewState.draft);
      is(role);
      const names = bar().queryAllByRole("button").map((one) => one.getAttribute("aria-label"));
      expect(names).toEqual(shown.map((action) => words.editor.actions[action]));
      await userEvent.keyboard("{F8}{F9}?");
      const dialog = await screen.findByRole("dialog");
      expect(within(dialog).queryByText(words.editor.actions.accept)).toBeNull();
      expect(said).toEqual([]);
      is();
      unmount();
    }
  });

  test("what cannot be said is told, and where it stands is read again", async () => {
    platform();
    answers({ [REVIEW]: () => problem(409, "nothing-to-review") });
    const { words } = open("/projects/p1/annotate/i1", language);
    await stands(words.reviewState.draft);
    answers({ [READ]: annotation({ ...BARE }) });
    await userEvent.keyboard("{F2}");
    await screen.findByText(words.problems["nothing-to-review"]);
    await waitFor(() => expect(bar().getByText(words.annotate.notYet)).toBeVisible());
  });

  test("the strip is narrowed to what waits for a review", async () => {
    platform();
    const asked: string[] = [];
    answers({
      [IMAGES]: ({ url }) => {
        asked.push(new URL(url).searchParams.get("review") ?? "");
        return HttpResponse.json(pageOf(image({ id: "i1", name: "one.jpg", review: "submitted" })));
      },
    });
    const { words } = open("/projects/p1/annotate/i1?status=submitted", language);
    await seen(() => screen.getByTitle(`one.jpg · ${words.imageStatus.labelled} · ${words.reviewState.submitted}`));
    expect(asked).toContain("submitted");
  });
});
