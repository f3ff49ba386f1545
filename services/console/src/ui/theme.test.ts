import { expect, test } from "vitest";
import { inkOn, LABEL_COLOURS, VERDICT_COLOURS } from "./theme";

function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

function hue(colour: string): number {
  const [red, green, blue] = channels(colour);
  const most = Math.max(red, green, blue);
  const spread = most - Math.min(red, green, blue);
  if (most === red) return (60 * ((green - blue) / spread) + 360) % 360;
  return most === green ? 60 * ((blue - red) / spread) + 120 : 60 * ((red - green) / spread) + 240;
}

function luminance(colour: string): number {
  const [red, green, blue] = channels(colour).map((value) =>
    value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [lighter = 0, darker = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (lighter + 0.05) / (darker + 0.05);
}

test.each(LABEL_COLOURS)("label colour %s cannot be taken for a false or a missed finding", (colour) => {
  for (const verdict of [VERDICT_COLOURS.false, VERDICT_COLOURS.missed]) {
    const apart = Math.abs(hue(colour) - hue(verdict));
    expect(Math.min(apart, 360 - apart)).toBeGreaterThan(40);
  }
});

test.each([...LABEL_COLOURS, ...Object.values(VERDICT_COLOURS)])("words on %s can be read", (colour) => {
  expect(contrast(inkOn(colour), colour)).toBeGreaterThan(4.5);
});

test("no two labels in turn have the same colour", () => {
  expect(new Set(LABEL_COLOURS).size).toBe(LABEL_COLOURS.length);
});
