// @vitest-environment happy-dom
import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import type { Finding, LabelCheck } from "../../api/annotation";
import { around, settled } from "../../testing/annotating";
import { project } from "../../testing/builders";
import { answers, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { keepSession, otherTabSpoke } from "../../testing/session";

afterEach(settled);

const CHECK = "GET /api/annotation/projects/p1/label-check";
const LOOK = {
  serving: "", number: 0, version: "", state: null, error: "", finished_at: null,
  progress: { percent: 0, stage: "", seconds_left: null, figures: {} },
};
const OPINION = { "GET /api/inference/projects/p1/second-opinion": LOOK };
const PROJECT = { "GET /api/workspace/projects/p1": project(), ...OPINION };

function finding(change: Partial<Finding>): Finding {
  const plain = { id: "f1", rule: "twice" as const, label: "scratch", other_label: "scratch", figure: 0.95, image_id: "i1", image_name: "one.jpg" };
  return { ...plain, other_image_id: "", other_image_name: "", shape_ids: ["a", "b"], place: [10, 20, 30, 40], ...change };
}

const TWICE = finding({});
const FEW = finding({ id: "f2", rule: "few", label: "pore", figure: 3, image_id: "", image_name: "", place: null });

function checked(items: Finding[], dismissed = 0): LabelCheck {
  const counts = Object.fromEntries(items.map(({ rule }) => [rule, items.filter((one) => one.rule === rule).length]));
  return { images: 7, items, counts, dismissed, opinion: null };
}

describe.each(LANGUAGES)("the check of labels in %s", (language) => {
  test("it says that nothing is annotated, that nothing was found, and why there is no answer", async () => {
    answers({ ...PROJECT, [CHECK]: { ...checked([]), images: 0 } });
    const { words } = open("/projects/p1/check", language);
    await seen(() => screen.getByText(words.check.nothing));
    const again = { name: words.check.again };
    answers({ [CHECK]: checked([]) });
    await userEvent.click(screen.getByRole("button", again));
    await seen(() => screen.getByText(words.check.clean(7)));
    answers({ [CHECK]: () => problem(403, "forbidden") });
    await userEvent.click(screen.getByRole("button", again));
    await seen(() => screen.getByText(words.problems.forbidden));
  });

  test("what is no error goes, is counted, and comes back when asked", async () => {
    const said: string[] = [];
    answers({
      ...PROJECT,
      [CHECK]: checked([TWICE, FEW]),
      "PUT /api/annotation/projects/p1/label-check/dismissals/f1": () => {
        said.push("f1");
        return new HttpResponse(null, { status: 204 });
      },
      "DELETE /api/annotation/projects/p1/label-check/dismissals": () => {
        said.push("forget");
        return new HttpResponse(null, { status: 204 });
      },
    });
    const { words } = open("/projects/p1/check", language);
    await seen(() => screen.getByText(words.check.reasons.twice(TWICE)));
    await seen(() => screen.getByText(words.check.reasons.few(FEW)));
    const [first] = screen.getAllByRole("button", { name: words.check.noError });
    await userEvent.click(first ?? document.body);
    await waitFor(() => expect(screen.queryByText(words.check.reasons.twice(TWICE))).toBeNull());
    await seen(() => screen.getByText(words.check.dismissed(1), { exact: false }));
    await userEvent.click(screen.getByRole("button", { name: words.check.showAgain }));
    await seen(() => screen.getByText(words.check.reasons.twice(TWICE)));
    expect(said).toEqual(["f1", "forget"]);
  });
});

test("one kind is looked at alone, and what does not fit into the list is told", async () => {
  answers({ ...PROJECT, [CHECK]: { ...checked([TWICE, FEW]), counts: { twice: 300, few: 1 } } });
  const { words } = open("/projects/p1/check", "en");
  await seen(() => screen.getByText(words.check.more(2, 301)));
  await userEvent.click(screen.getByText(`${words.check.rules.few} (1)`));
  await waitFor(() => expect(screen.queryByText(words.check.reasons.twice(TWICE))).toBeNull());
  await seen(() => screen.getByText(words.check.reasons.few(FEW)));
});

test("two pictures that are the same stand side by side, and the one that judges can be deleted", async () => {
  const deleted: unknown[] = [];
  const pair = { other_image_id: "i2", other_image_name: "two.jpg", place: null, shape_ids: [] };
  const alike = finding({ ...pair, id: "f3", rule: "alike", label: "", other_label: "pore × 2", figure: 0.969 });
  const leaked = finding({ ...pair, id: "f4", rule: "leaked", label: "", other_label: "", figure: 1 });
  let left = [alike, leaked];
  answers({
    ...around(),
    ...OPINION,
    [CHECK]: () => HttpResponse.json(checked(left)),
    "POST /api/gallery/projects/p1/images:batch-delete": async (request: Request) => {
      deleted.push(await request.json());
      left = [];
      return HttpResponse.json({ deleted: ["i1"], missing: [] });
    },
  });
  const { words } = open("/projects/p1/check", "en");
  await seen(() => screen.getByText(words.check.reasons.alike(alike)));
  expect(words.check.reasons.alike(alike)).toContain("“nothing” on the first, “pore × 2” on the second");
  expect(screen.getAllByRole("link", { name: "two.jpg" })[0]).toHaveAttribute("href", "/projects/p1/annotate/i2");
  await userEvent.click(screen.getByRole("button", { name: new RegExp(words.gallery.deleteChosen(1)) }));
  await userEvent.click(await screen.findByRole("button", { name: words.common.delete }));
  await seen(() => screen.getByText(words.check.clean(7)));
  expect(deleted).toEqual([{ ids: ["i1"] }]);
});

test("the editor opens at the image with the place marked, and the mark stays with that image", async () => {
  answers({ ...around(), ...OPINION, [CHECK]: checked([TWICE]) });
  const { words, router } = open("/projects/p1/check", "en");
  await userEvent.click(await screen.findByRole("button", { name: words.check.mend }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/projects/p1/annotate/i1"));
  expect(router.state.location.search).toBe("?place=10,20,30,40");
  await screen.findByTestId("save-state");
  await userEvent.keyboard("d");
  await waitFor(() => expect(router.state.location.pathname).toBe("/projects/p1/annotate/i2"));
  expect(router.state.location.search).toBe("");
});

/** Somebody with this role signs in, in another tab. */
function is(role?: string): void {
  keepSession("token", role);
  act(otherTabSpoke);
}

test.each(LANGUAGES)("who may not delete images sees the button, and from which role on it is theirs, in %s", async (language) => {
  const leaked = finding({ rule: "leaked", other_image_id: "i2", other_image_name: "two.jpg" });
  answers({ ...around(), ...PROJECT, [CHECK]: checked([leaked]) });
  const { words } = open("/projects/p1/check", language);
  const button = () => screen.getByRole("button", { name: new RegExp(words.gallery.deleteChosen(1)) });
  await waitFor(() => expect(button()).toBeEnabled());
  is("annotator");
  expect(button()).toBeDisabled();
  expect(button()).toHaveAttribute("title", words.common.takesRole(words.keys.roles.engineer.name));
  is("engineer");
  expect(button()).toBeEnabled();
  is();
});
