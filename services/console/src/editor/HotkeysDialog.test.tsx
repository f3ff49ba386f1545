// @vitest-environment happy-dom
import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";
import { around, settled } from "../testing/annotating";
import { answers } from "../testing/platform";
import { LANGUAGES, open, seen } from "../testing/screen";

afterEach(async () => {
  await settled();
  localStorage.clear();
});

test.each(LANGUAGES)("a key is changed by pressing another one, and every hint follows, in %s", async (language) => {
  answers(around());
  const { words } = open("/projects/p1/annotate/i1", language);
  const { actions, keys } = words.editor;
  await seen(() => screen.getByRole("button", { name: `${actions["tool box"]} (B)` }));
  await userEvent.keyboard("?");
  const dialog = within(await screen.findByRole("dialog"));
  const press = (key: string, held: object = {}) => {
    fireEvent.keyDown(dialog.getByRole("button", { pressed: true }), { key, ...held });
  };
  await userEvent.click(dialog.getByRole("button", { name: keys.change(actions["tool box"], "B") }));
  await seen(() => dialog.getByText(keys.press));

  press("Shift", { shiftKey: true });
  await seen(() => dialog.getByText(keys.press));
  press("1");
  await seen(() => dialog.getByText(keys.refused.ofLabels("1")));
  press("t", { ctrlKey: true });
  await seen(() => dialog.getByText(keys.refused.ofBrowser("Ctrl+T")));
  press("v");
  await seen(() => dialog.getByText(keys.taken("V", actions["tool select"])));
  expect(screen.getByRole("button", { name: `${actions["tool box"]} (B)` })).toBeInTheDocument();

  press("F4");
  await seen(() => screen.getByRole("button", { name: keys.change(actions["tool box"], "F4") }));
  expect(screen.getByRole("button", { name: `${actions["tool box"]} (F4)` })).toBeInTheDocument();

  await userEvent.click(dialog.getByRole("button", { name: keys.resetOne(actions["tool box"]) }));
  expect(screen.getByRole("button", { name: `${actions["tool box"]} (B)` })).toBeInTheDocument();
});

test("of two actions that want one key both are told and may swap; the editor does what the new keys say", async () => {
  answers(around());
  const { words } = open("/projects/p1/annotate/i1", "en");
  const { actions, keys } = words.editor;
  await seen(() => screen.getByRole("button", { name: `${actions["tool box"]} (B)` }));
  await userEvent.keyboard("?");
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.click(dialog.getByRole("button", { name: keys.change(actions["tool box"], "B") }));
  fireEvent.keyDown(dialog.getByRole("button", { pressed: true }), { key: "v" });
  await userEvent.click(await dialog.findByRole("button", { name: keys.swap }));
  expect(screen.getByRole("button", { name: `${actions["tool select"]} (B)` })).toBeInTheDocument();
  await userEvent.click(dialog.getByRole("button", { name: /close/i }));

  fireEvent.keyDown(document.body, { key: "b" });
  expect(screen.getByRole("button", { name: `${actions["tool select"]} (B)` })).toHaveAttribute("aria-pressed", "true");
  fireEvent.keyDown(document.body, { key: "v" });
  expect(screen.getByRole("button", { name: `${actions["tool box"]} (V)` })).toHaveAttribute("aria-pressed", "true");
  fireEvent.keyDown(document.body, { key: "?" });
  await userEvent.click(await screen.findByRole("button", { name: keys.resetAll }));
  expect(screen.getByRole("button", { name: `${actions["tool box"]} (B)` })).toBeInTheDocument();
});
