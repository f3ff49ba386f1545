/**
 * The limits of an upload as the dialog words them. Only what needs no decoding is checked here, so that
 * a wrong file costs no waiting; pixels are the gallery service's to judge.
 */
export interface PixelLimits {
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly minWidth: number;
  readonly minHeight: number;
}

export const SUFFIXES = [".jpg", ".jpeg", ".png", ".bmp"];
/** 100 MB as the gallery counts them: a megabyte is a million bytes. */
export const MEGABYTE = 1_000_000;
export const MAX_BYTES = 100 * MEGABYTE;
export const PLAIN_PIXELS: PixelLimits = { maxWidth: 9344, maxHeight: 7000, minWidth: 30, minHeight: 30 };
export const TILED_PIXELS: PixelLimits = { maxWidth: 10000, maxHeight: 30000, minWidth: 30, minHeight: 60 };
export const TILE_PIXELS: PixelLimits = { maxWidth: 3000, maxHeight: 5000, minWidth: 30, minHeight: 30 };

export type Objection = "format" | "tooLarge" | "empty";

/** Why a file need not be sent at all, or null where only the service can tell. */
export function objection(name: string, sizeBytes: number): Objection | null {
  const suffix = name.slice(name.lastIndexOf(".")).toLowerCase();
  if (!SUFFIXES.includes(suffix)) return "format";
  if (sizeBytes === 0) return "empty";
  return sizeBytes > MAX_BYTES ? "tooLarge" : null;
}
