// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { Quota } from "../../api/gallery";
import { answers, problem, refusesEverything } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const LIST = "GET /api/gallery/quotas";
const ITEMS: Quota[] = [
  { name: "images", used: 20_000, limit: 20_000, is_own: true },
  { name: "size_bytes", used: 4_500_000, limit: 9_000_000, is_own: false },
  { name: "uploads_per_minute", used: 0, limit: null, is_own: false },
];

describe.each(LANGUAGES)("the quotas in %s", (language) => {
  test("each tells what is used, of how much, and whose limit it is", async () => {
    answers({ [LIST]: { items: ITEMS } });
    const { words } = open("/quotas", language);
    const row = (name: string) => screen.findByRole("row", { name: new RegExp(name.replace(/[()]/g, ".")) });
    const images = await row(words.quotas.names.images);
    for (const text of ["20000", "100%", words.quotas.own]) expect(images).toHaveTextContent(text);
    const size = await row(words.quotas.names.size_bytes);
    for (const text of ["4.5 MB", "9.0 MB", "50%", words.quotas.common]) expect(size).toHaveTextContent(text);
    const speed = await row(words.quotas.names.uploads_per_minute);
    expect(speed).toHaveTextContent(words.quotas.unlimited);
    expect(speed).not.toHaveTextContent("%");
  });

  test("refused, it says why and asks again when told to", async () => {
    refusesEverything();
    const { words } = open("/quotas", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [LIST]: { items: ITEMS } });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByText(words.quotas.names.images));
  });

  test("to a role that may not look it says so and offers no retry", async () => {
    answers({ [LIST]: () => problem(403, "forbidden") });
    const { words } = open("/quotas", language);
    await seen(() => screen.getByText(words.problems.forbidden));
    expect(screen.queryByRole("button", { name: words.common.retry })).toBeNull();
  });
});
