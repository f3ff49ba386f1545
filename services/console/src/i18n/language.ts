/** The catalogue of words. Both languages have one type, so a missing word does not compile. */
import { createContext, useContext } from "react";
import { en } from "./en";
import { zhCN } from "./zh-CN";

export type Language = "en" | "zh-CN";
export type Words = typeof en;

export const CATALOGUES: Record<Language, Words> = { en, "zh-CN": zhCN };

const STORAGE_KEY = "loupe.language";

export function initialLanguage(): Language {
  const stored = localStorage.getItem(STORAGE_KEY);
  if (stored === "en" || stored === "zh-CN") return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(STORAGE_KEY, language);
}

export interface LanguageChoice {
  readonly language: Language;
  readonly choose: (language: Language) => void;
}

export const LanguageContext = createContext<LanguageChoice>({
  language: "en",
  choose: () => undefined,
});

export function useLanguage(): LanguageChoice {
  return useContext(LanguageContext);
}

export function useWords(): Words {
  return CATALOGUES[useContext(LanguageContext).language];
}
