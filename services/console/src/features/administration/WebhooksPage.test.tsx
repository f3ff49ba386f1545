// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { delivery, webhook } from "../../testing/builders";
import { answers, pageOf, problem, refusesEverything } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const LIST = "GET /api/workspace/webhooks";
const MAKE = "POST /api/workspace/webhooks";
const ONE = "/api/workspace/webhooks/w1";
const LOG = `GET ${ONE}/deliveries`;
const SECRET = "whsec_c2VjcmV0";
const NAME = "MES line 2";

/** Presses a button by the end of its name, which may begin with that of its icon. */
async function press(name: string, place: HTMLElement = document.body): Promise<void> {
  await userEvent.click(await within(place).findByRole("button", { name: new RegExp(`${name}$`) }));
}

async function openLog(): Promise<void> {
  await screen.findByText(NAME);
  await userEvent.click(screen.getAllByRole("button", { name: /Expand row|展开行/ })[0] as HTMLElement);
}

describe.each(LANGUAGES)("webhooks in %s", (language) => {
  test("without one it says so and offers to make one", async () => {
    answers({ [LIST]: pageOf() });
    const { words } = open("/webhooks", language);
    await seen(() => screen.getByText(words.webhooks.none));
    await seen(() => screen.getByRole("button", { name: new RegExp(words.webhooks.create) }));
    for (const page of [words.keys, words.storage, words.quotas, words.audit])
      expect(screen.getByRole("link", { name: page.title })).toBeVisible();
  });

  test("refused, it says why and asks again when told to", async () => {
    refusesEverything();
    const { words } = open("/webhooks", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [LIST]: pageOf(webhook()) });
    await press(words.common.retry);
    await seen(() => screen.getByText(NAME));
  });

  test("to a role that may not look it says so, and offers neither retry nor a new one", async () => {
    answers({ [LIST]: () => problem(403, "forbidden") });
    const { words } = open("/webhooks", language);
    await seen(() => screen.getByText(words.problems.forbidden));
    expect(screen.queryByRole("button", { name: words.common.retry })).toBeNull();
    expect(screen.queryByRole("button", { name: new RegExp(words.webhooks.create) })).toBeNull();
  });

  test("one is made with what it tells, and its secret is shown once", async () => {
    let sent: unknown = null;
    answers({
      [LIST]: pageOf(),
      [MAKE]: async (request) => {
        sent = await request.json();
        return HttpResponse.json({ ...webhook(), secret: SECRET }, { status: 201 });
      },
    });
    const { words } = open("/webhooks", language);
    await press(words.webhooks.create);
    const dialog = await screen.findByRole("dialog");
    await press(words.webhooks.createNow, dialog);
    await seen(() => within(dialog).getByText(words.webhooks.eventsMissing));
    await seen(() => within(dialog).getByText(words.webhooks.nameMissing));
    expect(sent).toBeNull();
    await userEvent.type(within(dialog).getByTestId("webhook-name"), ` ${NAME} `);
    await userEvent.type(within(dialog).getByTestId("webhook-url"), "mes.example.com/loupe");
    await userEvent.click(within(dialog).getByText(words.webhooks.eventNames["model.deployed"]));
    await press(words.webhooks.createNow, dialog);
    expect(await within(dialog).findByTestId("key-text")).toHaveTextContent(SECRET);
    expect(sent).toEqual({ name: NAME, url: "https://mes.example.com/loupe", events: ["model.deployed"] });
    await userEvent.keyboard("{Escape}");
    expect(within(dialog).getByTestId("key-text")).toBeVisible();
    await press(words.common.done, dialog);
    await waitFor(() => expect(document.body).not.toHaveTextContent(SECRET));
  });

  test("an address that is refused stays in the dialog with the reason", async () => {
    answers({ [LIST]: pageOf(webhook()), [`PATCH ${ONE}`]: () => problem(422, "invalid-input", "not public") });
    const { words } = open("/webhooks", language);
    await press(`${words.webhooks.edit}: ${NAME}`);
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByTestId("webhook-url")).toHaveValue("https://mes.example.com/loupe");
    await press(words.common.save, dialog);
    await seen(() => within(dialog).getByText("not public"));
    expect(within(dialog).getByTestId("webhook-name")).toHaveValue(NAME);
  });

  test("what somebody else changes while the dialog is open is not overwritten", async () => {
    const sent: unknown[] = [];
    answers({
      [LIST]: pageOf(webhook()),
      [`POST ${ONE}:test`]: () => {
        answers({ [LIST]: pageOf(webhook({ url: "https://new.example.com/", version: 4 })) });
        return HttpResponse.json(delivery(), { status: 202 });
      },
      [`PATCH ${ONE}`]: (request) => {
        sent.push(request.headers.get("If-Match"));
        return problem(412, "version-conflict");
      },
    });
    const { words } = open("/webhooks", language);
    await press(`${words.webhooks.edit}: ${NAME}`);
    const dialog = await screen.findByRole("dialog");
    fireEvent.click(screen.getByRole("button", { name: `${words.webhooks.test.name}: ${NAME}`, hidden: true }));
    await screen.findByText("https://new.example.com/");
    await press(words.common.save, dialog);
    await seen(() => within(dialog).getByText(words.problems["version-conflict"]));
    expect(sent).toEqual(['"3"']);
  });

  test("it is switched off by the version that was read", async () => {
    const sent: unknown[] = [];
    answers({
      [LIST]: pageOf(webhook()),
      [`PATCH ${ONE}`]: async (request) => {
        sent.push(request.headers.get("If-Match"), await request.json());
        answers({ [LIST]: pageOf(webhook({ is_on: false, version: 4 })) });
        return HttpResponse.json(webhook({ is_on: false, version: 4 }));
      },
    });
    const { words } = open("/webhooks", language);
    await userEvent.click(await screen.findByRole("switch", { name: `${words.webhooks.on}: ${NAME}` }));
    await waitFor(() => expect(screen.getByRole("switch")).not.toBeChecked());
    expect(sent).toEqual(['"3"', { is_on: false }]);
    expect(screen.getByRole("button", { name: `${words.webhooks.test.name}: ${NAME}` })).toBeDisabled();
  });

  test("the log tells of each message what became of it, and sends it again", async () => {
    const replayed: string[] = [];
    const tried = { at: "2026-11-26T08:00:00Z", elapsed_ms: 12 };
    answers({
      [LIST]: pageOf(webhook({ newest_state: "failed", newest_at: tried.at })),
      [LOG]: pageOf(
        delivery({ id: "a", state: "waiting", next_at: "2026-11-26T08:05:00Z", latest: [{ ...tried, status: 503, trouble: null }] }),
        delivery({ id: "b", event: "webhook.test", state: "failed", tries: 8, latest: [{ ...tried, status: null, trouble: "tls" }] }),
        delivery({ id: "c", state: "waiting", latest: [], tries: 0 }),
      ),
      [`POST ${ONE}/deliveries/b:replay`]: () => {
        replayed.push("b");
        return HttpResponse.json(delivery({ id: "b", state: "waiting" }), { status: 202 });
      },
    });
    const { words } = open("/webhooks", language);
    await openLog();
    await seen(() => screen.getByText(words.webhooks.status(503, 12)));
    await seen(() => screen.getByText(words.webhooks.troubles.tls));
    // The last of them: a row of the outer table holds the whole log.
    const rows = screen.getAllByRole("row", { name: new RegExp(words.webhooks.troubles.tls) });
    const failed = rows.at(-1) as HTMLElement;
    expect(failed).toHaveTextContent(words.webhooks.eventNames["webhook.test"]);
    expect(failed).toHaveTextContent(words.webhooks.states.failed);
    await press(words.webhooks.replay.name, failed);
    await waitFor(() => expect(replayed).toEqual(["b"]));
  });

  test("a log that cannot be read says why", async () => {
    answers({ [LIST]: pageOf(webhook()), [LOG]: () => problem(503, "dependency-down") });
    const { words } = open("/webhooks", language);
    await openLog();
    await seen(() => screen.getByText(words.problems["dependency-down"]));
  });

  test("a new secret is asked for twice and shown once", async () => {
    answers({
      [LIST]: pageOf(webhook()),
      [`POST ${ONE}:rotate-secret`]: () => HttpResponse.json({ ...webhook(), secret: SECRET }),
    });
    const { words } = open("/webhooks", language);
    await press(`${words.webhooks.rotate.name}: ${NAME}`);
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent(words.webhooks.rotate.hint);
    await press(words.webhooks.rotate.name, dialog);
    expect(await within(dialog).findByTestId("key-text")).toHaveTextContent(SECRET);
    await press(words.common.done, dialog);
    await waitFor(() => expect(document.body).not.toHaveTextContent(SECRET));
  });

  test("one is removed after a question, and a refusal is told in it", async () => {
    answers({ [LIST]: pageOf(webhook()), [`DELETE ${ONE}`]: () => problem(503, "dependency-down") });
    const { words } = open("/webhooks", language);
    await press(`${words.webhooks.remove.name}: ${NAME}`);
    const dialog = await screen.findByRole("dialog");
    await press(words.webhooks.remove.name, dialog);
    await seen(() => within(dialog).getByText(words.problems["dependency-down"]));
    answers({ [LIST]: pageOf(), [`DELETE ${ONE}`]: () => new HttpResponse(null, { status: 204 }) });
    await press(words.webhooks.remove.name, dialog);
    await seen(() => screen.getByText(words.webhooks.none));
  });
});
