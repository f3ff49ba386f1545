/** Lengths as the server counts them: by code points, where a browser's string counts some characters twice. */

export function lengthOf(text: string): number {
  return Array.from(text).length;
}

export function cutTo(text: string, { max }: { readonly max: number }): string {
  return Array.from(text).slice(0, max).join("");
}

/** What a field shows and keeps of a length of at most `max`, for `count` of an input. */
export function counted(max: number) {
  return { show: true, max, strategy: lengthOf, exceedFormatter: cutTo };
}
