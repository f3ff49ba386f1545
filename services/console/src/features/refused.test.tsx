// @vitest-environment happy-dom
/** Parts of screens that ask for something of their own: refused, each says why and asks again. */
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { expect, test } from "vitest";
import { annotation, deployment, imageDetail, policy, prediction, project, promotions, testRun, training } from "../testing/builders";
import { answers, pageOf, problem } from "../testing/platform";
import { errorImage, judgement, report } from "../testing/reports";
import { open } from "../testing/screen";
import { AROUND as TRAIN, PROMOTIONS } from "../testing/training";

const VERSIONS = "GET /api/trainer/projects/p1/versions";
const EXPORTS = "GET /api/inference/projects/p1/exports";
const OF_REPORT = "GET /api/evaluator/projects/p1/versions/V1";
const OF_TESTS = "GET /api/inference/projects/p1";
const NO_FILE = () => new HttpResponse(new Blob(["x"]));
const AROUND = {
  ...TRAIN,
  "GET /api/workspace/projects/p1": project(),
  [VERSIONS]: pageOf(training()),
  [EXPORTS]: pageOf(),
  [`${OF_REPORT}/report`]: report(),
  [`${OF_REPORT}/judgement`]: judgement(),
  [`${OF_REPORT}/errors`]: pageOf(errorImage()),
  [`${OF_TESTS}/deployments`]: pageOf(deployment()),
  [`${OF_TESTS}/test-runs`]: pageOf(testRun()),
  [`${OF_TESTS}/test-runs/r1`]: testRun(),
  [`${OF_TESTS}/predictions`]: pageOf(prediction()),
  "GET /api/annotation/projects/p1/images/i1": annotation(),
  "GET /api/gallery/projects/p1/images/:id": imageDetail({ status: "tested" }),
  "GET /api/gallery/projects/p1/images/:id/thumbnail": NO_FILE,
  "GET /api/gallery/projects/p1/images/:id/content": NO_FILE,
};

const PARTS = [
  ["en", "the trend of trainings", "train", VERSIONS, pageOf(training())],
  ["zh-CN", "who promoted what", "train", PROMOTIONS, promotions({ serving: null, items: [] })],
  ["en", "the rule of retraining", "train", "GET /api/trainer/projects/p1/retraining-policy", policy()],
  ["zh-CN", "the versions of a report", "report", VERSIONS, pageOf(training())],
  ["en", "the images with errors", "report/V1", `${OF_REPORT}/errors`, pageOf(errorImage())],
  ["zh-CN", "the versions to test", "test", VERSIONS, pageOf(training())],
  ["en", "what a test found", "test?run=r1", `${OF_TESTS}/predictions`, pageOf(prediction())],
  ["zh-CN", "the versions to export", "download", VERSIONS, pageOf(training())],
] as const;

test.each(PARTS)("in %s, refused %s, the screen says why and asks again when told to", async (language, _, place, route, answer) => {
  answers({ ...AROUND, [route]: () => problem(409, "conflict") });
  const { words } = open(`/projects/p1/${place}`, language);
  const why = () => screen.queryAllByText(words.problems.conflict);
  await waitFor(() => expect(why()).not.toHaveLength(0));
  answers({ [route]: answer });
  // What is read every few seconds may have come by itself.
  for (const retry of screen.queryAllByRole("button", { name: words.common.retry })) await userEvent.click(retry);
  await waitFor(() => expect(why()).toHaveLength(0));
});
