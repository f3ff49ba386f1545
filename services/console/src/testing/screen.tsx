/** Opens the whole application at an address, in one of its languages. */
import { render, waitFor } from "@testing-library/react";
import { createMemoryRouter } from "react-router";
import { expect } from "vitest";
import { App } from "../app/App";
import { queryClient } from "../app/queries";
import { routes } from "../app/routes";
import { components as ofEn, en } from "../i18n/en";
import { rememberLanguage, type Language } from "../i18n/language";
import { components as ofZhCN, zhCN } from "../i18n/zh-CN";

export const LANGUAGES: readonly Language[] = ["en", "zh-CN"];

const CATALOGUES = { en, "zh-CN": zhCN };
const COMPONENTS = { en: ofEn, "zh-CN": ofZhCN };

export function open(address: string, language: Language) {
  rememberLanguage(language);
  const words = CATALOGUES[language];
  const router = createMemoryRouter(routes, { initialEntries: [address] });
  const drawn = render(
    <App
      router={router}
      queries={queryClient()}
      spoken={{ language, words, components: COMPONENTS[language] }}
    />,
  );
  return { ...drawn, router, words };
}

/** Waits until it can be seen: what opens over a page is in it a moment before it is placed and shown. */
export async function seen(find: () => HTMLElement): Promise<void> {
  await waitFor(() => {
    expect(find()).toBeVisible();
  });
}
