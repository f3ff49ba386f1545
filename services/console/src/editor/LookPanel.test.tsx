// @vitest-environment happy-dom
import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { components, en } from "../i18n/en";
import { LanguageContext } from "../i18n/language";
import { PLAIN } from "./desk";
import { LookPanel } from "./LookPanel";

test.each([true, false])("what would change nothing cannot be changed; the picture alone: %s", (original) => {
  render(
    <LanguageContext value={{ language: "en", words: en, components, choose: vi.fn() }}>
      <LookPanel look={{ ...PLAIN, original }} tiled onLook={vi.fn()} />
    </LanguageContext>,
  );
  const switches = screen.getAllByRole("switch");
  expect(screen.getByRole("switch", { name: en.editor.original })).toBeEnabled();
  expect(switches.filter((each) => each.hasAttribute("disabled"))).toHaveLength(original ? switches.length - 1 : 0);
  for (const slider of screen.getAllByRole("slider")) expect(slider).toHaveAttribute("aria-disabled", String(original));
});
