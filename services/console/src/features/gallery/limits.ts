/** Only what needs no decoding is looked at here, so that a wrong file costs no waiting; the gallery judges the rest. */

export const SUFFIXES = [".jpg", ".jpeg", ".png", ".bmp"];
/** As the gallery counts: a megabyte is a million bytes. */
export const MEGABYTE = 1_000_000;

export type Objection = "format" | "tooLarge" | "empty";

/** Why a file need not be sent at all, or null where only the service can tell. */
export function objection(name: string, sizeBytes: number, maxBytes = Infinity): Objection | null {
  const suffix = name.slice(name.lastIndexOf(".")).toLowerCase();
  if (!SUFFIXES.includes(suffix)) return "format";
  if (sizeBytes === 0) return "empty";
  return sizeBytes > maxBytes ? "tooLarge" : null;
}
