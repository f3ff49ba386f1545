/** The colours of a picture as the eye tells them apart: CIE L*a*b* (D65), one byte a channel. */

export interface Lab {
  readonly width: number;
  readonly height: number;
  /** Column by column from the top down, as masks are told; from the lowest byte L* × 2.55, a* + 128, b* + 128. */
  readonly pixels: Int32Array;
  /** Room for what a search has taken; all 0 between searches. */
  readonly taken: Uint8Array;
  /** The same room, four pixels at a time. */
  readonly words: Int32Array;
}

/** Steps of L* in one of its units. */
export const L_STEPS = 2.55;
/** Side of the squares in which the picture is turned from rows to columns: what is read stays in the cache. */
const BLOCK = 64;
const ROOTS = 4096;

/** sRGB bytes as light (IEC 61966-2-1). */
const LIGHT = Float32Array.from({ length: 256 }, (_, value) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
});
/** The cube root of CIE 15 with its straight part near black, by place in [0, 1]. */
const ROOT = Float32Array.from({ length: ROOTS + 1 }, (_, place) => {
  const share = place / ROOTS;
  return share > 216 / 24389 ? Math.cbrt(share) : ((24389 / 27) * share + 16) / 116;
});
const GREY = Uint8Array.from({ length: 256 }, (_, value) => Math.round((116 * root(LIGHT[value] ?? 0) - 16) * L_STEPS));

function root(share: number): number {
  return ROOT[(share * ROOTS + 0.5) | 0] ?? 1;
}

/** The colours of pixels as a canvas gives them: four bytes each, row by row. */
export function labOf(rgba: Uint8ClampedArray, width: number, height: number): Lab {
  const count = width * height;
  const room = new ArrayBuffer(4 * Math.ceil(count / 4));
  const pixels = new Int32Array(count);
  const lab = { width, height, pixels, taken: new Uint8Array(room), words: new Int32Array(room) };
  for (let left = 0; left < width; left += BLOCK) {
    for (let top = 0; top < height; top += BLOCK) convert(rgba, lab, left, top);
  }
  return lab;
}

function convert(rgba: Uint8ClampedArray, { width, height, pixels }: Lab, left: number, top: number): void {
  const [right, bottom] = [Math.min(width, left + BLOCK), Math.min(height, top + BLOCK)];
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const from = (y * width + x) * 4;
      const to = x * height + y;
      const red = rgba[from] ?? 0;
      const green = rgba[from + 1] ?? 0;
      const blue = rgba[from + 2] ?? 0;
      if (red === green && green === blue) {
        pixels[to] = (GREY[red] ?? 0) | 0x808000;
        continue;
      }
      const [r, g, u] = [LIGHT[red] ?? 0, LIGHT[green] ?? 0, LIGHT[blue] ?? 0];
      const fx = root((0.4124564 * r + 0.3575761 * g + 0.1804375 * u) / 0.95047);
      const fy = root(0.2126729 * r + 0.7151522 * g + 0.072175 * u);
      const fz = root((0.0193339 * r + 0.119192 * g + 0.9503041 * u) / 1.08883);
      const l = (116 * fy - 16) * L_STEPS + 0.5;
      const [a, b] = [500 * (fx - fy) + 128.5, 200 * (fy - fz) + 128.5];
      pixels[to] = l | (a << 8) | (b << 16);
    }
  }
}
