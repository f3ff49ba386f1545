// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { project } from "../../testing/builders";
import { ROLES } from "../../api/workspace";
import { signIn } from "../../api/session";
import { answers, pageOf, refusesEverything } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const LIST = "GET /api/workspace/projects";

describe.each(LANGUAGES)("the list of projects in %s", (language) => {
  test("without a project it invites to make one", async () => {
    answers({ [LIST]: pageOf() });
    const { words } = open("/", language);
    await seen(() => screen.getByText(words.projects.none));
  });

  test("refused, it says why and tries again when asked to", async () => {
    refusesEverything();
    const { words } = open("/", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [LIST]: pageOf(project()) });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByRole("link", { name: /Surfaces/ }));
  });

  test("every project is a card that leads to its gallery", async () => {
    answers({ [LIST]: pageOf(project(), project({ id: "p2", name: "Castings", task: "ocr" })) });
    const { words } = open("/", language);
    expect(await screen.findByRole("link", { name: /Castings/ })).toHaveAttribute("href", "/projects/p2/gallery");
    expect(screen.getByText(words.tasks.ocr.name)).toBeVisible();
  });
});

test.each(ROLES)("who signs in as %s sees the ways of administrators where they are open", async (role) => {
  answers({
    [LIST]: pageOf(project()),
    "POST /api/workspace/tokens": { access_token: "token", expires_in: 3600, tenant: "default", role, token_type: "bearer" },
  });
  await signIn("key");
  const { words } = open("/", "en");
  await seen(() => screen.getByText("Surfaces"));
  for (const { title } of [words.storage, words.keys]) {
    expect(screen.queryAllByRole("link", { name: title })).toHaveLength(role === "admin" ? 1 : 0);
  }
});
