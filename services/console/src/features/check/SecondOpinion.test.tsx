// @vitest-environment happy-dom
import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import type { LabelCheck } from "../../api/annotation";
import type { SecondOpinion } from "../../api/inference";
import { settled } from "../../testing/annotating";
import { project } from "../../testing/builders";
import { answers, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { keepSession, otherTabSpoke } from "../../testing/session";
import { time } from "../../ui/format";

afterEach(settled);

const CHECK = "GET /api/annotation/projects/p1/label-check";
const LOOK = "GET /api/inference/projects/p1/second-opinion";
const ASK = "POST /api/inference/projects/p1/second-opinion";
const STOP = "POST /api/inference/projects/p1/second-opinion:cancel";
const PROJECT = { "GET /api/workspace/projects/p1": project() };
const AT = "2026-11-28T08:00:00Z";
const CLEAN: LabelCheck = { images: 7, items: [], counts: {}, dismissed: 0, opinion: null };

function look(change: Partial<SecondOpinion> = {}): SecondOpinion {
  const progress = { percent: 0, stage: "", seconds_left: null, figures: {} };
  return { serving: "V3", number: 0, version: "", state: null, progress, error: "", finished_at: null, ...change };
}

const RUNNING = look({
  number: 1,
  version: "V3",
  state: "running",
  progress: { percent: 42.8, stage: "looking", seconds_left: null, figures: { done: 3, images: 7 } },
});
const DONE = look({ number: 1, version: "V3", state: "succeeded", finished_at: AT });

describe.each(LANGUAGES)("the second opinion in %s", (language) => {
  test("before the first version it says what is needed, and offers nothing", async () => {
    answers({ ...PROJECT, [CHECK]: CLEAN, [LOOK]: look({ serving: "" }) });
    const { words } = open("/projects/p1/check", language);
    await seen(() => screen.getByText(words.check.opinion.needsVersion));
    expect(screen.queryByRole("button", { name: words.check.opinion.stop })).toBeNull();
  });

  test("asked, it tells how far it is, and the list is read until it knows what was found", async () => {
    let now = look();
    let reads = 0;
    answers({
      ...PROJECT,
      [CHECK]: () => {
        reads += 1;
        const opinion = now === DONE && reads > 3 ? { number: 1, version: "V3", made_at: AT, seen: 6 } : null;
        return HttpResponse.json({ ...CLEAN, opinion });
      },
      [LOOK]: () => HttpResponse.json(now),
      [ASK]: () => {
        now = RUNNING;
        return HttpResponse.json(now, { status: 202 });
      },
    });
    const { words } = open("/projects/p1/check", language);
    await userEvent.click(await screen.findByRole("button", { name: words.check.opinion.ask("V3") }));
    await seen(() => screen.getByText(words.check.opinion.looking("V3", 3, 7)));
    expect(screen.queryByRole("button", { name: words.check.opinion.ask("V3") })).toBeNull();
    now = DONE;
    await screen.findByText(words.check.opinion.looked("V3", 6, 7, time(AT)), { exact: false }, { timeout: 10_000 });
  });

  test("a check that takes longer than the next look at it is waited for", async () => {
    let now: SecondOpinion = look();
    let under = 0;
    let together = 0;
    answers({
      ...PROJECT,
      [CHECK]: async () => {
        if (now !== DONE) return HttpResponse.json(CLEAN);
        together = Math.max(together, ++under);
        await delay(2_500);
        under -= 1;
        return HttpResponse.json({ ...CLEAN, opinion: { number: 1, version: "V3", made_at: AT, seen: 6 } });
      },
      [LOOK]: () => HttpResponse.json(now),
      [ASK]: () => {
        now = DONE;
        return HttpResponse.json(now, { status: 202 });
      },
    });
    const { words } = open("/projects/p1/check", language);
    await userEvent.click(await screen.findByRole("button", { name: words.check.opinion.ask("V3") }));
    await screen.findByText(words.check.opinion.looked("V3", 6, 7, time(AT)), { exact: false });
    expect(together).toBe(1);
  });

  test("who may not ask is told which role may", async () => {
    answers({ ...PROJECT, [CHECK]: CLEAN, [LOOK]: look() });
    const { words } = open("/projects/p1/check", language);
    const ask = await screen.findByRole("button", { name: words.check.opinion.ask("V3") });
    expect(ask).toBeEnabled();
    keepSession("token", "viewer");
    act(otherTabSpoke);
    expect(ask).toBeDisabled();
    expect(ask).toHaveAttribute("title", words.common.takesRole(words.keys.roles.annotator.name));
    keepSession();
    act(otherTabSpoke);
  });

  test("stopped or failed it says so, and can be asked again", async () => {
    let now = RUNNING;
    answers({
      ...PROJECT,
      [CHECK]: { ...CLEAN, opinion: { number: 1, version: "V2", made_at: AT, seen: 7 } },
      [LOOK]: () => HttpResponse.json(now),
      [STOP]: () => {
        now = look({ ...RUNNING, state: "cancelled" });
        return HttpResponse.json(now, { status: 202 });
      },
      [ASK]: () => {
        now = look({ ...RUNNING, state: "failed", error: "no room" });
        return HttpResponse.json(now, { status: 202 });
      },
    });
    const { words } = open("/projects/p1/check", language);
    await userEvent.click(await screen.findByRole("button", { name: words.check.opinion.stop }));
    await seen(() => screen.getByText(words.check.opinion.stopped));
    await seen(() => screen.getByText(words.check.opinion.older("V3"), { exact: false }));
    await userEvent.click(screen.getByRole("button", { name: words.check.opinion.ask("V3") }));
    await seen(() => screen.getByText("no room"));
  });

  test("without an annotated image nobody is asked, and a refusal is told", async () => {
    answers({ ...PROJECT, [CHECK]: { ...CLEAN, images: 0 } });
    const { words } = open("/projects/p1/check", language);
    await seen(() => screen.getByText(words.check.nothing));
    answers({ [CHECK]: CLEAN, [LOOK]: () => problem(403, "forbidden") });
    await userEvent.click(screen.getByRole("button", { name: words.check.again }));
    await waitFor(() => expect(screen.getAllByText(words.problems.forbidden).length).toBeGreaterThan(0));
  });
});
