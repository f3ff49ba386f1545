// @vitest-environment happy-dom
import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import { signOut, standing } from "../../api/session";
import { project } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const TOKENS = "POST /api/workspace/tokens";
const PROJECTS = "GET /api/workspace/projects";
const GRANTED = { access_token: "fresh", expires_in: 900, token_type: "bearer", tenant: "default", role: "admin" };

/** Projects for one token only; every other one is refused, as after the end of a session. */
const onlyFor = (token: string) => (request: Request) =>
  request.headers.get("Authorization") === `Bearer ${token}`
    ? HttpResponse.json(pageOf(project()))
    : problem(401, "unauthenticated");

async function typeKey(key: string): Promise<void> {
  await userEvent.type(await screen.findByTestId("api-key"), `${key}{Enter}`);
}

/** The browser's word that another tab has changed what the tabs share. */
function otherTabSpoke(): void {
  act(() => {
    window.dispatchEvent(new StorageEvent("storage", { key: "loupe.session" }));
  });
}

afterEach(() => act(signOut));

describe.each(LANGUAGES)("the session in %s", (language) => {
  test("nobody is let in with a wrong key, and it is said why", async () => {
    act(signOut);
    answers({ [TOKENS]: () => problem(401, "unauthenticated") });
    const { words } = open("/", language);
    await typeKey("wrong");
    await seen(() => screen.getByText(words.problems.unauthenticated));
  });

  test("its end lays a sign-in over the work, which then goes on where it stood", async () => {
    act(signOut);
    answers({ [TOKENS]: GRANTED, [PROJECTS]: onlyFor("fresh") });
    const { words } = open("/", language);
    await typeKey("key");
    await userEvent.click((await screen.findAllByRole("button", { name: new RegExp(words.projects.create) }))[0] as HTMLElement);
    await userEvent.type(await screen.findByTestId("project-name"), "Half typed");

    answers({
      [TOKENS]: { ...GRANTED, access_token: "newer" },
      [PROJECTS]: onlyFor("newer"),
      "POST /api/workspace/projects": (request) =>
        request.headers.get("Authorization") === "Bearer newer"
          ? HttpResponse.json(project({ id: "p9" }), { status: 201 })
          : problem(401, "unauthenticated"),
      "GET /api/workspace/projects/p9": () => problem(403, "forbidden"),
    });
    await userEvent.click(screen.getByRole("button", { name: words.common.ok }));
    await waitFor(() => expect(screen.getByText(words.session.ended)).toBeVisible());
    expect(screen.getByTestId("project-name")).toHaveValue("Half typed");
    await typeKey("key");
    await waitFor(() => expect(screen.queryByText(words.session.ended)).toBeNull());
    expect(standing().session?.accessToken).toBe("newer");
    // The request that met the end has been sent again by itself.
    await seen(() => screen.getByText(words.problems.forbidden));
  });
});

test("a tab without a key that is refused signs out no other tab", async () => {
  localStorage.setItem(
    "loupe.session",
    JSON.stringify({ tenant: "default", accessToken: "shared", expiresAt: Date.now() + 900_000 }),
  );
  otherTabSpoke();
  answers({ [PROJECTS]: () => problem(401, "unauthenticated") });
  const { words } = open("/", "en");
  otherTabSpoke();
  await waitFor(() => expect(screen.getByText(words.session.ended)).toBeVisible());
  expect(localStorage.getItem("loupe.session")).toContain("shared");
  // The other tab renews what both share: this one goes on without a word.
  answers({ [PROJECTS]: onlyFor("renewed") });
  localStorage.setItem(
    "loupe.session",
    JSON.stringify({ tenant: "default", accessToken: "renewed", expiresAt: Date.now() + 900_000 }),
  );
  otherTabSpoke();
  await seen(() => screen.getByRole("link", { name: /Surfaces/ }));
});

test("a platform that does not answer is told of, and asked again until it does", async () => {
  act(signOut);
  answers({ [TOKENS]: GRANTED, [PROJECTS]: () => HttpResponse.error(), "GET /api/workspace/healthz": () => HttpResponse.error() });
  open("/", "en");
  await typeKey("key");
  expect(await screen.findByTestId("no-answer")).toHaveTextContent(/No answer from the platform since \d\d:\d\d/);
  answers({ [PROJECTS]: pageOf(project()), "GET /api/workspace/healthz": { status: "alive" } });
  await seen(() => screen.getByRole("link", { name: /Surfaces/ }));
  expect(screen.queryByTestId("no-answer")).toBeNull();
});
