// @vitest-environment happy-dom
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { en } from "../../i18n/en";
import { zhCN } from "../../i18n/zh-CN";
import { apiKey, auditEntry } from "../../testing/builders";
import { answers, pageOf, problem, refusesEverything } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const LIST = "GET /api/workspace/audit";
const KEYS = "GET /api/workspace/keys";
const READS = ["get", "head", "options"];
const PUBLIC = ["create_token"];

describe.each(LANGUAGES)("the audit log in %s", (language) => {
  test("without an entry it says so, and offers no file", async () => {
    answers({ [LIST]: pageOf(), [KEYS]: pageOf() });
    const { words } = open("/audit", language);
    await seen(() => screen.getByText(words.audit.none));
    expect(screen.getByRole("button", { name: new RegExp(words.audit.saveSheet) })).toBeDisabled();
  });

  test("refused, it says why and asks again when told to", async () => {
    refusesEverything();
    const { words } = open("/audit", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [LIST]: pageOf(auditEntry()), [KEYS]: pageOf() });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByText(words.audit.operations.create_project));
  });

  test("to a role that may not look it says so and offers no retry", async () => {
    answers({ [LIST]: () => problem(403, "forbidden"), [KEYS]: () => problem(403, "forbidden") });
    const { words } = open("/audit", language);
    await seen(() => screen.getByText(words.problems.forbidden));
    expect(screen.queryByRole("button", { name: words.common.retry })).toBeNull();
  });

  test("each entry tells who, what, of which object, from where and how it was answered", async () => {
    answers({
      [KEYS]: pageOf(),
      [LIST]: pageOf(
        auditEntry({ id: "a" }),
        auditEntry({ id: "b", operation: "delete_image", status: 403, role: "viewer", made: [], named: { image_id: "i7" } }),
        auditEntry({ id: "c", operation: "change_label", status: 412, version_before: 3, version_after: null }),
        auditEntry({ id: "d", operation: "suspend_tenant", key_id: null, key_name: "", role: "system", address: "" }),
        auditEntry({ id: "e", operation: "of_a_later_release", status: 503, key_name: "" }),
      ),
    });
    const { words } = open("/audit", language);
    const row = async (text: string) => screen.findByRole("row", { name: new RegExp(text) });
    const made = await row(words.audit.operations.create_project);
    for (const text of ["line 2", words.keys.roles.engineer.name, "p1", words.audit.done, "192.0.2.7"])
      expect(made).toHaveTextContent(text);
    const refused = await row(words.audit.operations.delete_image);
    for (const text of ["i7", words.audit.refused, words.keys.roles.viewer.name]) expect(refused).toHaveTextContent(text);
    expect(await row(words.audit.operations.change_label)).toHaveTextContent(words.audit.version(3, null));
    expect(await row(words.audit.operations.suspend_tenant)).toHaveTextContent(words.audit.commandLine);
    const later = await row("of_a_later_release");
    expect(later).toHaveTextContent("Ab12Cd34");
    expect(later).toHaveTextContent(words.audit.unknown(503));
  });

  test("what is chosen is asked for, is told where nothing fits, and is what the file has", async () => {
    const asked: string[] = [];
    answers({
      [KEYS]: pageOf(apiKey()),
      [LIST]: (request) => {
        const query = new URL(request.url).searchParams;
        asked.push(query.toString());
        return HttpResponse.json(query.has("status") ? pageOf() : pageOf(auditEntry()));
      },
    });
    const { words } = open("/audit", language);
    await seen(() => screen.getByText("line 2"));
    await userEvent.type(screen.getByRole("textbox", { name: words.audit.objectId }), "p1");
    await waitFor(() => expect(asked.at(-1)).toContain("object=p1"));
    await userEvent.click(screen.getByText(words.audit.refusedOnly));
    await seen(() => screen.getByText(words.audit.noneFound));
    expect(asked.at(-1)).toContain("object=p1&status=403");
    await userEvent.click(screen.getByRole("button", { name: words.audit.reset }));
    await seen(() => screen.getByText("line 2"));
    const files: string[] = [];
    answers({
      "GET /api/workspace/audit/export": (request) => {
        files.push(new URL(request.url).search);
        return problem(503, "dependency-down");
      },
    });
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.audit.saveLines) }));
    await seen(() => screen.getByText(words.problems["dependency-down"]));
    expect(files).toEqual(["?format=jsonl"]);
  });

  test("keys and storage lead there", async () => {
    answers({ [KEYS]: pageOf(), [LIST]: pageOf() });
    const { words } = open("/keys", language);
    await userEvent.click(await screen.findByRole("link", { name: words.audit.title }));
    await seen(() => screen.getByText(words.audit.subtitle));
  });
});

test("every operation that changes something has its words", () => {
  const folder = join(import.meta.dirname, "../../../../../shared/contracts/published/openapi");
  const names = readdirSync(folder).flatMap((file) => {
    const { paths } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    return Object.values(paths).flatMap((methods) =>
      Object.entries(methods)
        .filter(([method]) => !READS.includes(method))
        .map(([, { operationId }]) => operationId),
    );
  });
  const changing = names.filter((name) => !PUBLIC.includes(name)).sort();
  expect(changing.length).toBeGreaterThan(40);
  for (const words of [en, zhCN]) expect(Object.keys(words.audit.operations).sort()).toEqual(changing);
});
