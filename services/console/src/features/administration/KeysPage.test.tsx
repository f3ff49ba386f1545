// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import { standing } from "../../api/session";
import { apiKey } from "../../testing/builders";
import { answers, pageOf, problem, refusesEverything } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { keepSession, otherTabSpoke } from "../../testing/session";

const LIST = "GET /api/workspace/keys";
const MAKE = "POST /api/workspace/keys";
const REVOKE = "POST /api/workspace/keys/Ab12Cd34:revoke";
const END = "POST /api/workspace/keys/Ab12Cd34:end-tokens";
const TEXT = "lp_Ab12Cd34_secret_0a1b2c3d";

afterEach(() => {
  keepSession();
  act(otherTabSpoke);
});

/** Presses a button by the end of its name, which begins with that of its icon. */
async function press(name: string, place: HTMLElement = document.body): Promise<void> {
  await userEvent.click(await within(place).findByRole("button", { name: new RegExp(`${name}$`) }));
}

/** Opens the question of an action of the only key. */
async function ask(action: { readonly name: string; readonly sure: (name: string) => string }): Promise<HTMLElement> {
  await userEvent.click(await screen.findByRole("button", { name: `${action.name}: line 2` }));
  const dialog = await screen.findByRole("dialog");
  expect(dialog).toHaveTextContent(action.sure("line 2"));
  return dialog;
}

describe.each(LANGUAGES)("the keys in %s", (language) => {
  test("without one it says so and offers to make one", async () => {
    answers({ [LIST]: pageOf() });
    const { words } = open("/keys", language);
    await seen(() => screen.getByText(words.keys.none));
    await seen(() => screen.getByRole("button", { name: new RegExp(words.keys.create) }));
  });

  test("refused, it says why and asks again when told to", async () => {
    refusesEverything();
    const { words } = open("/keys", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [LIST]: pageOf(apiKey()) });
    await press(words.common.retry);
    await seen(() => screen.getByText("line 2"));
  });

  test("to a role that may not look it says so, and offers neither retry nor a new key", async () => {
    answers({ [LIST]: () => problem(403, "forbidden") });
    const { words } = open("/keys", language);
    await seen(() => screen.getByText(words.problems.forbidden));
    expect(screen.queryByRole("button", { name: words.common.retry })).toBeNull();
    expect(screen.queryByRole("button", { name: new RegExp(words.keys.create) })).toBeNull();
  });

  test("each key tells who made it, its role, use, term and state; only a valid one is taken back", async () => {
    answers({
      [LIST]: pageOf(
        apiKey({ id: "a", name: "mine", role: "admin", is_own: true, is_operator: true, created_by: null, created_by_name: null }),
        apiKey({ id: "b", name: "camera", last_used_at: "2026-11-26T08:00:00Z", expires_at: "2027-01-31T08:00:00Z" }),
        apiKey({ id: "c", name: "over", state: "expired", expires_at: "2026-11-25T08:00:00Z" }),
        apiKey({ id: "d", name: "gone", state: "revoked", revoked_at: "2026-11-25T08:00:00Z" }),
      ),
    });
    const { words } = open("/keys", language);
    const row = async (name: string) => screen.findByRole("row", { name: new RegExp(name) });
    const mine = await row("mine");
    for (const text of [words.keys.own, words.keys.ofOperator, words.keys.roles.admin.name, words.keys.by(words.keys.operator), words.keys.unused])
      expect(mine).toHaveTextContent(text);
    expect(await row("camera")).toHaveTextContent(words.keys.by("first key"));
    expect(await row("camera")).toHaveTextContent(/2026-11-26 .*2027-01-31 /);
    expect(await row("camera")).not.toHaveTextContent(words.keys.own);
    expect(await row("camera")).not.toHaveTextContent(words.keys.ofOperator);
    expect(await row("over")).toHaveTextContent(words.keys.states.expired);
    expect(await row("gone")).toHaveTextContent(words.keys.states.revoked);
    expect(within(await row("camera")).getAllByRole("button")).toHaveLength(2);
    for (const spent of ["over", "gone"]) expect(within(await row(spent)).queryByRole("button")).toBeNull();
  });

  test("a key is made with a role and a term, and its text shown once", async () => {
    let sent: unknown = null;
    answers({
      [LIST]: pageOf(apiKey({ name: "first" })),
      [MAKE]: async (request) => {
        sent = await request.json();
        return HttpResponse.json({ ...apiKey({ name: "camera 7" }), api_key: TEXT }, { status: 201 });
      },
    });
    const { words } = open("/keys", language);
    await press(words.keys.create);
    const dialog = await screen.findByRole("dialog");
    for (const role of Object.values(words.keys.roles)) expect(dialog).toHaveTextContent(role.about);
    await press(words.keys.createNow, dialog);
    await seen(() => within(dialog).getByText(words.keys.nameMissing));
    await userEvent.type(within(dialog).getByTestId("key-name"), " camera 7 ");
    await userEvent.click(within(dialog).getByRole("radio", { name: new RegExp(words.keys.roles.viewer.about) }));
    await userEvent.click(within(dialog).getByText(words.keys.lifetimes.days(30)));
    await press(words.keys.createNow, dialog);
    expect(await within(dialog).findByTestId("key-text")).toHaveTextContent(TEXT);
    expect(dialog).toHaveTextContent(words.keys.once);
    expect(sent).toEqual({ name: "camera 7", role: "viewer", expires_in_days: 30 });

    // Neither the Escape key nor a stray click takes it away before it is copied.
    await userEvent.keyboard("{Escape}");
    expect(within(dialog).getByTestId("key-text")).toBeVisible();
    await press(words.keys.copy, dialog);
    await within(dialog).findByRole("button", { name: words.keys.copied });
    expect(await navigator.clipboard.readText()).toBe(TEXT);
    await press(words.common.done, dialog);
    await waitFor(() => expect(document.body).not.toHaveTextContent(TEXT));
    await press(words.keys.create);
    expect(await screen.findByTestId("key-name")).toHaveValue("");
    expect(document.body).not.toHaveTextContent(TEXT);
  });

  test("a key that is on its way is waited for, and not made twice", async () => {
    let asked = 0;
    let answer: (response: Response) => void = () => undefined;
    answers({
      [LIST]: pageOf(apiKey()),
      [MAKE]: () => {
        asked += 1;
        return new Promise<Response>((give) => (answer = give));
      },
    });
    const { words } = open("/keys", language);
    await press(words.keys.create);
    const dialog = await screen.findByRole("dialog");
    const name = within(dialog).getByTestId("key-name");
    await userEvent.type(name, "camera 7");
    await press(words.keys.createNow, dialog);
    await waitFor(() => expect(asked).toBe(1));
    // Pressed again, the Enter key sends the form; Escape would close it over a key that nobody has seen.
    fireEvent.submit(name.closest("form") as HTMLFormElement);
    await userEvent.keyboard("{Escape}");
    expect(within(dialog).getByRole("button", { name: words.common.cancel })).toBeDisabled();
    answer(HttpResponse.json({ ...apiKey({ name: "camera 7" }), api_key: TEXT }, { status: 201 }));
    expect(await within(dialog).findByTestId("key-text")).toHaveTextContent(TEXT);
    expect(asked).toBe(1);
  });

  test("where there is no room for another one the dialog says so and keeps what was typed", async () => {
    answers({ [LIST]: pageOf(apiKey()), [MAKE]: () => problem(429, "quota-exceeded", "1000 keys already") });
    const { words } = open("/keys", language);
    await press(words.keys.create);
    await userEvent.type(await screen.findByTestId("key-name"), "camera 7");
    await press(words.keys.createNow);
    await seen(() => screen.getByText(words.problems["quota-exceeded"]));
    expect(screen.getByText("1000 keys already")).toBeVisible();
    expect(screen.getByTestId("key-name")).toHaveValue("camera 7");
  });

  test("a key is revoked only when that is confirmed, and the list then shows it", async () => {
    let asked = 0;
    answers({
      [LIST]: pageOf(apiKey()),
      [REVOKE]: () => {
        asked += 1;
        return HttpResponse.json(apiKey({ state: "revoked" }));
      },
    });
    const { words } = open("/keys", language);
    const dialog = await ask(words.keys.revoke);
    expect(dialog).not.toHaveTextContent(words.keys.revokeOwn);
    await press(words.common.cancel, dialog);
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(asked).toBe(0);
    answers({ [LIST]: pageOf(apiKey({ state: "revoked" })) });
    await press(words.keys.revoke.name, await ask(words.keys.revoke));
    await seen(() => screen.getByText(words.keys.states.revoked));
    expect(asked).toBe(1);
    expect(standing().session).not.toBeNull();
  });

  test("who revokes the own key is told, and is signed out", async () => {
    answers({
      [LIST]: pageOf(apiKey({ is_own: true })),
      [REVOKE]: apiKey({ state: "revoked", is_own: true }),
      "POST /api/workspace/tokens:revoke": () => problem(401, "unauthenticated"),
    });
    const { words } = open("/keys", language);
    const dialog = await ask(words.keys.revoke);
    expect(dialog).toHaveTextContent(words.keys.revokeOwn);
    await press(words.keys.revoke.name, dialog);
    await screen.findByTestId("api-key");
    expect(standing().session).toBeNull();
  });

  test("the last administrator's key stays, and it is said why", async () => {
    const why = "this is the last key of an administrator";
    answers({ [LIST]: pageOf(apiKey({ is_own: true })), [REVOKE]: () => problem(409, "last-admin-key", why) });
    const { words } = open("/keys", language);
    const dialog = await ask(words.keys.revoke);
    await press(words.keys.revoke.name, dialog);
    await seen(() => within(dialog).getByText(why));
    expect(standing().session).not.toBeNull();
  });

  test("what is signed in with a key is ended, and the key goes on", async () => {
    let asked = 0;
    answers({
      [LIST]: pageOf(apiKey({ is_own: true })),
      [END]: () => {
        asked += 1;
        return HttpResponse.json(apiKey({ is_own: true }));
      },
    });
    const { words } = open("/keys", language);
    await press(words.keys.endTokens.name, await ask(words.keys.endTokens));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(asked).toBe(1);
    expect(screen.getByText(words.keys.states.valid)).toBeVisible();
    expect(standing().session).not.toBeNull();
  });
});
