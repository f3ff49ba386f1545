// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { project, tilePlan } from "../../testing/builders";
import { answers, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const PLAN = "GET /api/tiling/projects/p1/plan";
const AROUND = { "GET /api/workspace/projects/p1": project() };

describe.each(LANGUAGES)("the tile advice in %s", (language) => {
  test("without an image it asks for a size", async () => {
    answers({ ...AROUND, [PLAN]: tilePlan() });
    const { words } = open("/projects/p1/tiling", language);
    expect((await screen.findAllByText(words.tiling.noImage))[0]).toBeVisible();
  });

  test("refused, it says why and tries again when asked to", async () => {
    answers({ ...AROUND, [PLAN]: () => problem(409, "conflict") });
    const { words } = open("/projects/p1/tiling", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [PLAN]: tilePlan({ image_width: 400, image_height: 300 }) });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByText(words.tiling.noTarget));
  });

  test("the cut is drawn tile by tile, and what forbids it is said", async () => {
    const preview = [
      { number: 1, row: 0, column: 0, x: 0, y: 0, width: 200, height: 300 },
      { number: 2, row: 0, column: 1, x: 200, y: 0, width: 200, height: 300 },
    ];
    answers({
      ...AROUND,
      [PLAN]: tilePlan({ image_width: 400, image_height: 300, preview, violations: ["the tiles are too small"] }),
    });
    const { words } = open("/projects/p1/tiling", language);
    await seen(() => screen.getByRole("img", { name: words.tiling.previewOf(2) }));
    expect(screen.getByText("the tiles are too small")).toBeVisible();
  });
});
