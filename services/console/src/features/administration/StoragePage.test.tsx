// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Storage } from "../../api/workspace";
import { answers, pageOf, problem, refusesEverything } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const STORAGE = "GET /api/workspace/storage";

function storage(part: Partial<Storage> = {}): Storage {
  return {
    looked_at: "2026-11-26T08:00:00Z",
    every_h: 6,
    safe_age_h: 72,
    kinds: [
      { kind: "files", count: 12, size_bytes: 4_500_000, kept_days: null },
      { kind: "history", count: 700, size_bytes: 81_000, kept_days: 365 },
    ],
    unnamed: { count: 2, size_bytes: 1_200_000 },
    freed: { count: 1, size_bytes: 3_000 },
    freed_ever: { count: 9, size_bytes: 7_800_000 },
    ...part,
  };
}

describe.each(LANGUAGES)("what is stored, in %s", (language) => {
  test("before the first look it says that nobody has looked", async () => {
    answers({ [STORAGE]: storage({ looked_at: null, kinds: [] }) });
    const { words } = open("/storage", language);
    await seen(() => screen.getByText(words.storage.never));
    expect(screen.queryByRole("table")).toBeNull();
  });

  test("refused, it says why and asks again when told to", async () => {
    refusesEverything();
    const { words } = open("/storage", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [STORAGE]: storage() });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByText(words.storage.kinds.history));
  });

  test("to a role that may not look it says so and offers no retry, which would be refused again", async () => {
    answers({ [STORAGE]: () => problem(403, "forbidden") });
    const { words } = open("/storage", language);
    await seen(() => screen.getByText(words.problems.forbidden));
    expect(screen.queryByRole("button", { name: words.common.retry })).toBeNull();
  });

  test("each kind has its number, size and term, and what goes and went is said", async () => {
    answers({ [STORAGE]: storage() });
    const { words } = open("/storage", language);
    const history = await screen.findByRole("row", { name: new RegExp(words.storage.kinds.history) });
    expect(history).toHaveTextContent("700");
    expect(history).toHaveTextContent("81.0 kB");
    expect(history).toHaveTextContent(words.storage.days(365));
    const files = screen.getByRole("row", { name: /4\.5 MB/ });
    expect(files).toHaveTextContent(words.storage.withProject);
    expect(screen.getByText(`1.2 MB · ${words.storage.after(72)}`)).toBeVisible();
    expect(screen.getByText("3.0 kB / 7.8 MB")).toBeVisible();
    expect(screen.getByText(words.storage.every(6))).toBeVisible();
  });

  test("the list of projects leads there", async () => {
    answers({ [STORAGE]: storage(), "GET /api/workspace/projects": pageOf() });
    const { words } = open("/", language);
    await userEvent.click(await screen.findByRole("link", { name: words.storage.title }));
    await seen(() => screen.getByText(words.storage.subtitle));
  });
});
