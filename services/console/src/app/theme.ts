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
      fontFamily:
        "-apple-system, 'Segoe UI', 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif",
      ...(dark ? {} : { colorBgLayout: "#f4f6f8" }),
    },
    components: {
      Layout: { headerPadding: "0 24px", headerHeight: 56 },
      Card: { headerFontSize: 15 },
      Progress: { defaultColor: dark ? "#1ba3c6" : "#0e7490" },
      // The default track is a faint tint that nobody finds on a dark page.
      Slider: { trackBg: "#1a93b3", trackHoverBg: "#1ba3c6", handleColor: "#1a93b3" },
    },
  };
}

/** Told apart on grey metal and on dark surfaces alike; labels take them in turn. */
export const LABEL_COLOURS = [
  "#0ea5e9",
  "#f59e0b",
  "#8b5cf6",
  "#10b981",
  "#ec4899",
  "#84cc16",
  "#f97316",
  "#6366f1",
  "#14b8a6",
  "#e11d48",
] as const;

export function labelColour(labels: readonly string[], label: string): string {
  const place = labels.indexOf(label);
  return LABEL_COLOURS[(place < 0 ? hash(label) : place) % LABEL_COLOURS.length] ?? "#0ea5e9";
}

function hash(text: string): number {
  let value = 0;
  for (const character of text) value = (value * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return value;
}
