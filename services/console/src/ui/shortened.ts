/** Longer names bury their neighbours in charts and captions; the whole one stands in a title. */
const LETTERS = 24;

export function shortened(text: string): string {
  const letters = Array.from(text);
  return letters.length <= LETTERS ? text : `${letters.slice(0, LETTERS - 1).join("")}…`;
}
