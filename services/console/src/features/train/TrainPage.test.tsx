// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Training } from "../../api/trainer";
import { nextTraining, policy, project, training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const TRAININGS = "GET /api/trainer/projects/p1/trainings";
const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  "GET /api/gallery/projects/p1/summary": { total: 62, labelled: 56, unlabelled: 6, tested: 0, recommended: 30 },
  "GET /api/annotation/projects/p1/labels": { items: [] },
  "GET /api/trainer/projects/p1/versions": pageOf(),
  "GET /api/trainer/projects/p1/retraining-policy": policy(),
  "GET /api/trainer/projects/p1/next-training": nextTraining(),
};

describe.each(LANGUAGES)("the training page in %s", (language) => {
  test("before the first training it says that there is none", async () => {
    answers({ ...AROUND, [TRAININGS]: pageOf() });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.train.none));
  });

  test("without pretrained weights it warns before the training, and beside what came of it", async () => {
    const recipe = { pretrained: true, backbone: "mobilenet_v2" } as Training["recipe"];
    answers({
      ...AROUND,
      "GET /api/trainer/projects/p1/next-training": nextTraining({ weights: "none" }),
      [TRAININGS]: pageOf(training({ backbone_weights: "none", recipe })),
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
    answers({ ...AROUND, [TRAININGS]: () => problem(403, "forbidden") });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.problems.forbidden));
    answers({ [TRAININGS]: pageOf(training()) });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    expect(await screen.findByRole("link", { name: "82.0%" })).toHaveAttribute("href", "/projects/p1/report/V1");
  });

  test("a version that does not serve says why, a refused start too", async () => {
    answers({
      ...AROUND,
      [TRAININGS]: pageOf(training({ promoted: false, gate_reason: "its rate is below the serving one" })),
      "POST /api/trainer/projects/p1/trainings": () => problem(409, "no-annotations"),
    });
    const { words } = open("/projects/p1/train", language);
    await userEvent.click(await screen.findByLabelText(words.train.notPromoted));
    await seen(() => screen.getByText("its rate is below the serving one"));
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.train.start) }));
    await seen(() => screen.getByText(words.problems["no-annotations"]));
  });
});
