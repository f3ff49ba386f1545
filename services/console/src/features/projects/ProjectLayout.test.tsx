// @vitest-environment happy-dom
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import { imageLimits, project, tilePlan } from "../../testing/builders";
import { answers, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const PROJECT = "GET /api/workspace/projects/p1";
const PLAN = { "GET /api/tiling/projects/p1/plan": tilePlan() };

describe.each(LANGUAGES)("the frame of a project in %s", (language) => {
  test("of one that is not there it says so, and tries again when asked to", async () => {
    answers({ ...PLAN, [PROJECT]: () => problem(404, "not-found") });
    const { words } = open("/projects/p1/tiling", language);
    await seen(() => screen.getByText(words.problems["not-found"]));
    answers({ [PROJECT]: project() });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByRole("heading", { name: "Surfaces" }));
  });

  test("it tells the name, the task and the grid, and leads to every page", async () => {
    answers({ ...PLAN, [PROJECT]: project({ tiling: { rows: 2, columns: 3 } as NonNullable<ReturnType<typeof project>["tiling"]> }) });
    const { words } = open("/projects/p1/tiling", language);
    await seen(() => screen.getByRole("heading", { name: "Surfaces" }));
    expect(screen.getByText(words.tasks.detection.name)).toBeVisible();
    expect(screen.getByText(words.projects.grid(2, 3))).toBeVisible();
    for (const page of ["gallery", "annotate", "train", "report", "test", "download"] as const) {
      expect(screen.getByRole("link", { name: words.tabs[page] })).toHaveAttribute("href", `/projects/p1/${page}`);
    }
  });

  test("an address without a page leads to the projects", async () => {
    answers({ "GET /api/workspace/projects": { items: [], total: 0, page: 1, page_size: 50, next_cursor: null } });
    const { router, words } = open("/no/such/page", language);
    await seen(() => screen.getByText(words.common.pageNotFound));
    await userEvent.click(screen.getByRole("button", { name: words.projects.title }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/"));
  });

  test("a page that breaks leaves the frame, and says what helps", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    answers({
      [PROJECT]: project(),
      "GET /api/gallery/limits": imageLimits(),
      "GET /api/tiling/projects/p1/plan": { nothing: "that a page could show" },
    });
    const { words } = open("/projects/p1/tiling", language);
    await seen(() => screen.getByText(words.common.crashed));
    expect(screen.getByText(words.common.crashAdvice)).toBeVisible();
    expect(screen.getByRole("button", { name: words.common.reload })).toBeVisible();
    expect(screen.getByRole("heading", { name: "Surfaces" })).toBeVisible();
    told.mockRestore();
  });
});
