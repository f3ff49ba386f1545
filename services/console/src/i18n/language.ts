/** The catalogue of words. Both languages have one type, so a missing word does not compile. */
import type { ConfigProviderProps } from "antd";
import { createContext, useContext } from "react";
import type { en } from "./en";

export type Language = "en" | "zh-CN";
export type Words = typeof en;

const STORAGE_KEY = "loupe.language";

/** One language; nobody loads the other one's words before asking for it. */
export async function loadLanguage(language: Language): Promise<Spoken> {
  if (language === "en") {
    const { en, components } = await import("./en");
    return { language, words: en, components };
  }
  const { zhCN, components } = await import("./zh-CN");
  return { language, words: zhCN, components };
}

export function initialLanguage(): Language {
  const stored = localStorage.getItem(STORAGE_KEY);
  if (stored === "en" || stored === "zh-CN") return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(STORAGE_KEY, language);
}

/** A language together with its words, ours and those of the components that we use. */
export interface Spoken {
  readonly language: Language;
  readonly words: Words;
  readonly components: NonNullable<ConfigProviderProps["locale"]>;
}

export interface LanguageChoice extends Spoken {
  readonly choose: (language: Language) => void;
}

export const LanguageContext = createContext<LanguageChoice | null>(null);

export function useLanguage(): LanguageChoice {
  const choice = useContext(LanguageContext);
  if (choice === null) throw new Error("no language is chosen around this component");
  return choice;
}

export function useWords(): Words {
  return useLanguage().words;
}
