/** One look: Ant Design's tokens, and the few colours that carry a meaning of their own. */
import { theme as antTheme, type ThemeConfig } from "antd";

export type Appearance = "light" | "dark";

export function antThemeOf(appearance: Appearance): ThemeConfig {
  const dark = appearance === "dark";
  return {
    algorithm: dark ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
    token: {
      colorPrimary: dark ? "#1ba3c6" : "#0e7490",
      colorInfo: "#0284c7",
      colorLink: dark ? "#22a6c4" : "#0e7490",
      borderRadius: 8,
      motion: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      // The defaults (3.4:1) are too faint for small words; these have 4.5:1 and more on every ground.
      colorTextDescription: dark ? "rgba(255, 255, 255, 0.65)" : "rgba(0, 0, 0, 0.62)",
      colorTextTertiary: dark ? "rgba(255, 255, 255, 0.65)" : "rgba(0, 0, 0, 0.62)",
      fontFamily:
        "-apple-system, 'Segoe UI', 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif",
      ...(dark ? {} : { colorBgLayout: "#f4f6f8" }),
    },
    components: {
      // White on the default red has 3.3:1.
      ...(dark ? {} : { Button: { colorError: "#cf1322", colorErrorHover: "#a8071a", colorErrorActive: "#820014" } }),
      Layout: { headerPadding: "0 24px", headerHeight: 56 },
      Card: { headerFontSize: 15 },
      Progress: { defaultColor: dark ? "#1ba3c6" : "#0e7490" },
      // The default track is a faint tint that nobody finds on a dark page.
      Slider: { trackBg: "#1a93b3", trackHoverBg: "#1ba3c6", handleColor: "#1a93b3" },
    },
  };
}

/** What the manual fixes: red is a false detection, orange a missed target. Nothing else may look so. */
export const VERDICT_COLOURS = { false: "#f03e3e", missed: "#ff922b", correct: "#12b76a" } as const;

/** Told apart on grey metal and on dark surfaces alike, none near red or orange; labels take them in turn. */
export const LABEL_COLOURS = [
  "#0ea5e9",
  "#a855f7",
  "#84cc16",
  "#4f46e5",
  "#10b981",
  "#e879f9",
  "#22d3ee",
  "#7e22ce",
  "#15803d",
  "#1d4ed8",
] as const;

/** Black or white, whichever is easier to read on a colour (WCAG 2.1, relative luminance). */
export function inkOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  // Black and white are equally far where (L + 0.05)² = 1.05 × 0.05.
  return luminance > 0.179 ? "#000000" : "#ffffff";
}

/** The colour of each label, by name. */
export type Colours = ReadonlyMap<string, string>;

/** Colours in the order of the names. */
export function coloursInTurn(names: readonly string[]): Colours {
  return new Map(names.map((name, place) => [name, LABEL_COLOURS[place % LABEL_COLOURS.length] ?? LABEL_COLOURS[0]]));
}

/** A name that is no label has a colour all the same, always the same one. */
export function labelColour(colours: Colours, label: string): string {
  return colours.get(label) ?? LABEL_COLOURS[hash(label) % LABEL_COLOURS.length] ?? LABEL_COLOURS[0];
}

function hash(text: string): number {
  let value = 0;
  for (const character of text) value = (value * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return value;
}
