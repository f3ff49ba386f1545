// @vitest-environment happy-dom
import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { takeBack } from "../../api/revocation";
import { listProjects } from "../../api/workspace";
import { accessToken, signIn, signOut, standing } from "../../api/session";
import { imageLimits, project } from "../../testing/builders";
import { answers, CARDS, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { keepSession, otherTabSpoke } from "../../testing/session";

const TOKENS = "POST /api/workspace/tokens";
const PROJECTS = "GET /api/workspace/projects";
const REVOKE = "POST /api/workspace/tokens:revoke";
const GRANTED = { access_token: "fresh", expires_in: 900, token_type: "bearer", tenant: "default", tenant_name: "default", role: "admin" };

/** Projects for one token only; every other one is refused, as after the end of a session. */
const onlyFor = (token: string) => (request: Request) =>
  request.headers.get("Authorization") === `Bearer ${token}`
    ? HttpResponse.json(pageOf(project()))
    : problem(401, "unauthenticated");

async function typeKey(key: string): Promise<void> {
  await userEvent.type(await screen.findByTestId("api-key"), `${key}{Enter}`);
}

/** Notes every token that is taken back; an answer may be given to each try. */
function revocations(...results: (() => Response | Promise<Response>)[]): string[] {
  const tokens: string[] = [];
  answers({
    [REVOKE]: async (request) => {
      const { token } = (await request.json()) as { token: string };
      expect(request.headers.get("Authorization")).toBe(`Bearer ${token}`);
      tokens.push(token);
      return results[tokens.length - 1]?.() ?? new HttpResponse(null, { status: 204 });
    },
  });
  return tokens;
}

/** Takes a token back while time flies, until the last try is over. */
async function takenBack(token: string): Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  try {
    let over = false;
    void takeBack(token).then(() => (over = true));
    await vi.waitFor(
      async () => {
        await vi.advanceTimersByTimeAsync(1_000);
        expect(over).toBe(true);
      },
      { timeout: 20_000 },
    );
  } finally {
    vi.useRealTimers();
  }
}

beforeEach(() => {
  answers(CARDS);
  revocations();
});
afterEach(() => act(signOut));

describe.each(LANGUAGES)("the session in %s", (language) => {
  test("nobody is let in with a wrong key, and it is said why", async () => {
    act(signOut);
    answers({ [TOKENS]: () => problem(401, "unauthenticated") });
    const { words } = open("/", language);
    await typeKey("wrong");
    await seen(() => screen.getByText(words.problems.unauthenticated));
  });

  test("who is of a suspended tenant is told so", async () => {
    act(signOut);
    answers({ [TOKENS]: () => problem(403, "tenant-suspended", "ask the operator") });
    const { words } = open("/", language);
    await typeKey("key");
    await seen(() => screen.getByText(words.problems["tenant-suspended"]));
    expect(screen.getByText("ask the operator")).toBeVisible();
  });

  test("its end lays a sign-in over the work, which then goes on where it stood", async () => {
    act(signOut);
    answers({ [TOKENS]: GRANTED, [PROJECTS]: onlyFor("fresh"), "GET /api/gallery/limits": imageLimits() });
    const { words } = open("/", language);
    await typeKey("key");
    await userEvent.click((await screen.findAllByRole("button", { name: new RegExp(words.projects.create) }))[0] as HTMLElement);
    await userEvent.type(await screen.findByTestId("project-name"), "Half typed");

    answers({
      [TOKENS]: () => problem(401, "unauthenticated"),
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
    answers({ [TOKENS]: { ...GRANTED, access_token: "newer" } });
    await typeKey("key");
    await waitFor(() => expect(screen.queryByText(words.session.ended)).toBeNull());
    expect(standing().session?.accessToken).toBe("newer");
    // The request that met the end has been sent again by itself.
    await seen(() => screen.getByText(words.problems.forbidden));
  });
});

test("a tab without a key that is refused signs out no other tab", async () => {
  keepSession("shared");
  act(otherTabSpoke);
  answers({ [PROJECTS]: () => problem(401, "unauthenticated") });
  const { words } = open("/", "en");
  act(otherTabSpoke);
  await waitFor(() => expect(screen.getByText(words.session.ended)).toBeVisible());
  expect(localStorage.getItem("loupe.session")).toContain("shared");
  // The other tab renews what both share: this one goes on without a word.
  answers({ [PROJECTS]: onlyFor("renewed") });
  keepSession("renewed");
  act(otherTabSpoke);
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

test("a token that was taken back is replaced by the key of the tab, and nobody is asked", async () => {
  act(signOut);
  const turns = ["fresh", "newer"];
  answers({
    [TOKENS]: () => HttpResponse.json({ ...GRANTED, access_token: turns.shift() ?? "none" }),
    [PROJECTS]: onlyFor("newer"),
  });
  const { words } = open("/", "en");
  await typeKey("key");
  await seen(() => screen.getByRole("link", { name: /Surfaces/ }));
  expect(screen.queryByText(words.session.ended)).toBeNull();
  expect(standing().session?.accessToken).toBe("newer");
  expect(turns).toEqual([]);
});

test("a tenant that is suspended ends the session, and the work waits for its return", async () => {
  act(signOut);
  answers({ [TOKENS]: { ...GRANTED, tenant: "acme", tenant_name: "Acme 轴承" }, [PROJECTS]: onlyFor("fresh") });
  const { words } = open("/", "en");
  await typeKey("key");
  expect(await screen.findByTestId("tenant-name")).toHaveTextContent("Acme 轴承");
  await seen(() => screen.getByRole("link", { name: /Surfaces/ }));
  answers({ [TOKENS]: () => problem(403, "tenant-suspended"), [PROJECTS]: () => problem(401, "unauthenticated") });
  const meets = listProjects({}, 1, 12);
  await waitFor(() => expect(screen.getByText(words.session.ended)).toBeVisible());
  await typeKey("key");
  await seen(() => screen.getByText(words.problems["tenant-suspended"]));
  answers({ [TOKENS]: { ...GRANTED, access_token: "newer" }, [PROJECTS]: onlyFor("newer") });
  await typeKey("key");
  expect((await meets).total).toBe(1);
  await waitFor(() => expect(screen.queryByTestId("tenant-name")).toBeNull()); // of `default` nothing is said
});

describe("signing out", () => {
  async function signedIn(): Promise<void> {
    answers({ [TOKENS]: GRANTED, [PROJECTS]: pageOf(project()) });
    await act(() => signIn("key"));
    const { words } = open("/", "en");
    await userEvent.click(await screen.findByRole("button", { name: words.session.signOut }));
    await screen.findByTestId("api-key");
    expect(standing().session).toBeNull();
    expect(localStorage.getItem("loupe.session")).toBeNull();
    expect(sessionStorage.getItem("loupe.key")).toBeNull();
  }

  test("takes the token back", async () => {
    const tokens = revocations();
    await signedIn();
    await waitFor(() => expect(tokens).toEqual(["fresh"]));
  });

  test("leaves at once where the platform hangs", async () => {
    let answer: (response: Response) => void = () => undefined;
    const tokens = revocations(() => new Promise<Response>((give) => (answer = give)));
    await signedIn();
    await waitFor(() => expect(tokens).toEqual(["fresh"]));
    answer(new HttpResponse(null, { status: 204 })); // else it would be tried again into a later test
  });

  test("tries again where the platform does not answer", async () => {
    const tokens = revocations(
      () => HttpResponse.error(),
      () => new HttpResponse(null, { status: 503 }),
    );
    await takenBack("lost");
    expect(tokens).toEqual(["lost", "lost", "lost"]);
  });

  test("gives up after a few tries", async () => {
    const tokens = revocations(...Array.from({ length: 9 }, () => () => HttpResponse.error()));
    await takenBack("lost");
    expect(tokens).toEqual(["lost", "lost", "lost"]);
  });

  test("signs nobody in again whose token is being renewed, and takes that one back, too", async () => {
    const tokens = revocations();
    answers({ [TOKENS]: { ...GRANTED, expires_in: 30 } });
    await act(() => signIn("key"));
    let answer: (response: Response) => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      answers({
        [TOKENS]: () => {
          resolve();
          return new Promise<Response>((give) => (answer = give));
        },
      });
    });
    const token = accessToken();
    await asked;
    act(signOut);
    answer(HttpResponse.json({ ...GRANTED, access_token: "late" }));
    expect(await token).toBeNull();
    expect(standing().session).toBeNull();
    expect(localStorage.getItem("loupe.session")).toBeNull();
    await waitFor(() => expect([...tokens].sort()).toEqual(["fresh", "late"]));
  });
});
