// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { policy, promotions, training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import type { Words } from "../../i18n/language";
import { nextTraining } from "../../testing/recipes";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { AROUND, PROMOTIONS, TRAININGS } from "../../testing/training";

/** The stream of a training that goes on, open and silent. */
const LIVE = {
  "GET /api/trainer/projects/p1/trainings/:id/events": () => new Response(new ReadableStream()),
};

const FINISH = "POST /api/trainer/projects/p1/trainings/t1:finish";

async function finish(words: Words): Promise<void> {
  await userEvent.click(await screen.findByRole("button", { name: words.train.finish }));
  const question = within(await screen.findByRole("tooltip"));
  await userEvent.click(question.getByRole("button", { name: words.train.finish }));
}

describe.each(LANGUAGES)("the training page in %s", (language) => {
  test("before the first training it says that there is none", async () => {
    answers({ ...AROUND, [TRAININGS]: pageOf() });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.train.none));
  });

  test.each(["trainings_in_line", "training_minutes_per_day"] as const)("a retraining that %s holds back is told by the policy", async (quota) => {
    const POLICY = "GET /api/trainer/projects/p1/retraining-policy";
    answers({ ...AROUND, [TRAININGS]: pageOf(), [POLICY]: policy({ enabled: true, held_back: quota }) });
    const { words, unmount } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.train.policyHeld[quota]));
    unmount();
    answers({ [POLICY]: policy({ enabled: false, held_back: quota }) });
    open("/projects/p1/train", language);
    await seen(() => screen.getByRole("switch", { name: words.train.policy }));
    expect(screen.queryByText(words.train.policyHeld[quota])).toBeNull();
  });

  test("without pretrained weights it warns before the training, and beside what came of it", async () => {
    answers({
      ...AROUND,
      "GET /api/trainer/projects/p1/next-training": nextTraining({ weights: "none" }),
      [TRAININGS]: pageOf(training({ backbone_weights: "none" })),
    });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.train.noWeights("mobilenet_v2")));
    await seen(() => screen.getByText(words.train.fromNothing));
  });

  test("with packaged weights it warns of nothing", async () => {
    answers({ ...AROUND, [TRAININGS]: pageOf() });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.train.none));
    expect(screen.queryByTestId("weights-missing")).toBeNull();
  });

  test("refused, it says why and tries again when asked to", async () => {
    answers({ ...AROUND, [TRAININGS]: () => problem(409, "conflict") });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [TRAININGS]: pageOf(training()) });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    expect(await screen.findByRole("link", { name: "82.0%" })).toHaveAttribute("href", "/projects/p1/report/V1");
  });

  test("a running training says how it does on images that do not teach it", async () => {
    const progress = { ...training().progress, validation: 0.75, validation_low: 0.5, validation_high: 0.875 };
    answers({ ...AROUND, ...LIVE, [TRAININGS]: pageOf(training({ status: "running", version: null, ended_at: null, progress })) });
    const { words } = open("/projects/p1/train", language);
    const title = await screen.findByText(words.train.validation.detection);
    expect(title.closest(".ant-statistic")).toHaveTextContent("75");
  });

  test("a running training is finished early once a person is sure", async () => {
    const running = training({ status: "running", version: null, ended_at: null });
    const finishing = training({ ...running, finishing: true });
    const asked = (): Response => {
      answers({ [TRAININGS]: pageOf(finishing) });
      return HttpResponse.json(finishing);
    };
    answers({ ...AROUND, ...LIVE, [TRAININGS]: pageOf(running), [FINISH]: asked });
    const { words } = open("/projects/p1/train", language);
    await finish(words);
    expect(await screen.findByText(words.train.finishing)).toBeVisible();
    expect(screen.getByRole("button", { name: words.train.finish })).toBeDisabled();
  });

  test("a training that cannot be finished early says why", async () => {
    const running = training({ status: "running", version: null, ended_at: null });
    answers({ ...AROUND, ...LIVE, [TRAININGS]: pageOf(running), [FINISH]: () => problem(409, "not-finishable") });
    const { words } = open("/projects/p1/train", language);
    await finish(words);
    expect(await screen.findByText(words.problems["not-finishable"])).toBeVisible();
  });

  test.each(["exporting", "testing"] as const)("a training that has learnt (%s) cannot be finished early, only stopped", async (stage) => {
    const learnt = training({ status: "running", version: null, ended_at: null });
    answers({ ...AROUND, ...LIVE, [TRAININGS]: pageOf({ ...learnt, progress: { ...learnt.progress, stage } }) });
    const { words } = open("/projects/p1/train", language);
    expect(await screen.findByText(words.trainingStages[stage])).toBeVisible();
    expect(screen.getByRole("button", { name: words.train.cancel })).toBeEnabled();
    expect(screen.queryByRole("button", { name: words.train.finish })).toBeNull();
  });

  test("a training that waits cannot be finished early, only stopped", async () => {
    answers({ ...AROUND, ...LIVE, [TRAININGS]: pageOf(training({ status: "queued", version: null, ended_at: null })) });
    const { words } = open("/projects/p1/train", language);
    expect(await screen.findByRole("button", { name: words.train.cancel })).toBeEnabled();
    expect(screen.queryByRole("button", { name: words.train.finish })).toBeNull();
  });

  test("a version that does not serve says why, a refused start too", async () => {
    answers({
      ...AROUND,
      [TRAININGS]: pageOf(
        training({ promoted: false, gate_reason: "its rate is below the serving one", choices: ["the network is the version: it knows more"] }),
      ),
      "POST /api/trainer/projects/p1/trainings": () => problem(409, "no-annotations"),
    });
    const { words } = open("/projects/p1/train", language);
    await userEvent.hover(await screen.findByLabelText(words.train.notPromoted));
    await seen(() => screen.getByText("its rate is below the serving one"));
    await userEvent.hover(screen.getByLabelText(words.train.choices));
    await seen(() => screen.getByText("the network is the version: it knows more"));
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.train.start) }));
    await seen(() => screen.getByText(words.problems["no-annotations"]));
  });

  test("a person promotes a version that the gate refused, and the history says who and why", async () => {
    const refused = training({ id: "t2", version: "V2", promoted: false, gate_reason: "worse than V1" });
    const asked: unknown[] = [];
    const after = promotions({
      serving: "V2",
      items: [
        { version: "V2", replaced: "V1", at: "2026-11-26T09:00:00Z", by: "ann", reason: "knows our parts", is_rollback: false },
        ...promotions().items,
      ],
    });
    answers({
      ...AROUND,
      [TRAININGS]: pageOf(refused, training()),
      [PROMOTIONS]: promotions(),
      "POST /api/trainer/projects/p1/versions/V2:promote": async (request) => {
        asked.push(await request.json());
        answers({ [PROMOTIONS]: after });
        return Response.json(after);
      },
    });
    const { words } = open("/projects/p1/train", language);
    const buttons = await screen.findAllByRole("button", { name: words.train.promote });
    expect(buttons).toHaveLength(1); // V1 serves
    await userEvent.click(buttons[0] as HTMLElement);
    expect(await screen.findByText(words.train.promoteMeans("V2", "V1"))).toBeVisible();
    expect(screen.getByText(words.train.gateSaid("worse than V1"))).toBeVisible();
    await userEvent.type(screen.getByLabelText(words.train.promoteWhy), " knows our parts ");
    const dialog = within(screen.getByRole("dialog"));
    await userEvent.click(dialog.getByRole("button", { name: words.train.promote }));
    expect(await screen.findByText("knows our parts")).toBeVisible();
    expect(asked).toEqual([{ reason: "knows our parts" }]);
    expect(screen.getByText(words.train.theGate)).toBeVisible();
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  test("without a reason nothing is promoted; refused, it says why", async () => {
    answers({
      ...AROUND,
      [TRAININGS]: pageOf(training({ id: "t2", version: "V2" }), training()),
      [PROMOTIONS]: promotions({ serving: "V2" }),
      "POST /api/trainer/projects/p1/versions/V1:promote": () => problem(409, "serves-already"),
    });
    const { words } = open("/projects/p1/train", language);
    await userEvent.click(await screen.findByRole("button", { name: words.train.promote }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByRole("button", { name: words.train.promote })).toBeDisabled();
    await userEvent.type(dialog.getByLabelText(words.train.promoteWhy), "go back");
    await userEvent.click(dialog.getByRole("button", { name: words.train.promote }));
    expect(await screen.findByText(words.problems["serves-already"])).toBeVisible();
  });
});
