import type { ReactNode } from "react";
import type { Look } from "./desk";

export type Light = Pick<Look, "brightness" | "contrast" | "gamma" | "channel">;

/** Which channel a row of a colour matrix takes for red, green and blue alike. */
const ROWS: Readonly<Record<Exclude<Light["channel"], "all">, string>> = {
  red: "1 0 0 0 0",
  green: "0 1 0 0 0",
  blue: "0 0 1 0 0",
};

/** What a filter function of CSS cannot do. */
export function isToned({ gamma, channel }: Light): boolean {
  return gamma !== 100 || channel !== "all";
}

/** The filter of a picture, `id` being that of its {@link Tones}. */
export function filterOf(light: Light, id: string): string {
  return `${isToned(light) ? `url(#${id}) ` : ""}brightness(${light.brightness}%) contrast(${light.contrast}%)`;
}

/** Gamma and single channels as an SVG filter; one channel is shown in greys, which the eye tells apart better. */
export function Tones({ id, light: { gamma, channel } }: { readonly id: string; readonly light: Light }): ReactNode {
  const exponent = 100 / gamma;
  return (
    <filter id={id} x="0" y="0" width="100%" height="100%" colorInterpolationFilters="sRGB">
      {channel !== "all" && <feColorMatrix type="matrix" values={`${`${ROWS[channel]} `.repeat(3)}0 0 0 1 0`} />}
      {gamma !== 100 && (
        <feComponentTransfer>
          <feFuncR type="gamma" exponent={exponent} />
          <feFuncG type="gamma" exponent={exponent} />
          <feFuncB type="gamma" exponent={exponent} />
        </feComponentTransfer>
      )}
    </filter>
  );
}
