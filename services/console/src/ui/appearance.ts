import { createContext, useContext } from "react";
import type { Appearance } from "./theme";

const STORAGE_KEY = "loupe.appearance";

export interface AppearanceChoice {
  readonly appearance: Appearance;
  readonly toggle: () => void;
}

export const AppearanceContext = createContext<AppearanceChoice>({
  appearance: "light",
  toggle: () => undefined,
});

export function useAppearance(): AppearanceChoice {
  return useContext(AppearanceContext);
}

export function initialAppearance(): Appearance {
  const stored = localStorage.getItem(STORAGE_KEY);
  if (stored === "light" || stored === "dark") return stored;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function rememberAppearance(appearance: Appearance): void {
  localStorage.setItem(STORAGE_KEY, appearance);
}
