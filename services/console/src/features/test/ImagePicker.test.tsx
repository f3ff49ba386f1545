// @vitest-environment happy-dom
import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { deployment, image, project, testRun, training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const IMAGES = "GET /api/gallery/projects/p1/images";
const RUN = "GET /api/inference/projects/p1/test-runs/r1";
const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  "GET /api/inference/projects/p1/deployments": pageOf(deployment()),
  "GET /api/inference/projects/p1/test-runs": pageOf(),
  "GET /api/inference/projects/p1/predictions": pageOf(),
  "GET /api/trainer/projects/p1/versions": pageOf(training()),
  "GET /api/gallery/projects/p1/images/:id/thumbnail": () => new HttpResponse(new Blob(["x"])),
};

describe.each(LANGUAGES)("the choice of test images in %s", (language) => {
  const opened = async () => {
    const { words } = open("/projects/p1/test", language);
    await seen(() => screen.getByText(words.test.none));
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.test.choose) }));
    return { words, dialog: within(await screen.findByRole("dialog")) };
  };

  test("without an image of the status it says so, and nothing can be used", async () => {
    answers({ ...AROUND, [IMAGES]: pageOf() });
    const { words, dialog } = await opened();
    await seen(() => dialog.getByText(words.gallery.noMatch));
    expect(dialog.getByRole("button", { name: words.test.useImages(0) })).toBeDisabled();
  });

  test("refused, it says why and tries again when asked to", async () => {
    answers({ ...AROUND, [IMAGES]: () => problem(409, "conflict") });
    const { words, dialog } = await opened();
    await seen(() => dialog.getByText(words.problems.conflict));
    answers({ [IMAGES]: pageOf(image()) });
    await userEvent.click(dialog.getByRole("button", { name: words.common.retry }));
    expect(await dialog.findByRole("checkbox", { name: "part-1.jpg" })).not.toBeChecked();
  });

  test("those that are chosen are counted beside the run", async () => {
    answers({ ...AROUND, [IMAGES]: pageOf(image(), image({ id: "i2", name: "part-2.jpg" })) });
    const { words, dialog } = await opened();
    for (const name of ["part-1.jpg", "part-2.jpg"]) await userEvent.click(await dialog.findByRole("checkbox", { name }));
    await userEvent.click(dialog.getByRole("button", { name: words.test.useImages(2) }));
    await seen(() => screen.getByText(words.test.chosen(2)));
  });
});

describe.each(LANGUAGES)("the results of a test in %s", (language) => {
  test("a run without a result says so", async () => {
    answers({ ...AROUND, [RUN]: testRun() });
    const { words } = open("/projects/p1/test?run=r1", language);
    expect((await screen.findAllByText(words.common.noData))[0]).toBeInTheDocument();
  });

  test("refused, they say why and try again when asked to", async () => {
    answers({ ...AROUND, [RUN]: () => problem(409, "conflict") });
    const { words } = open("/projects/p1/test?run=r1", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [RUN]: testRun() });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    expect(await screen.findByText(words.test.progress(1, 1))).toBeInTheDocument();
    expect(screen.queryByText(words.problems.conflict)).toBeNull();
  });
});
