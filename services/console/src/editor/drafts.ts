/**
 * Unsaved work, kept by the browser: neither another image, a reload nor the end of a session loses it.
 * A draft goes when its work is saved or thrown away, or when nobody came back to it for a month.
 */
export interface Draft<T> {
  /** When it was last touched, in milliseconds since the epoch. */
  readonly at: number;
  readonly work: T;
}

const PREFIX = "loupe.draft.";
const FORGOTTEN_AFTER_MS = 30 * 24 * 3_600_000;

export function keepDraft(name: string, work: unknown): void {
  forgetOld();
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify({ at: Date.now(), work }));
  } catch {
    // The browser's room is full: the work itself is still on the screen.
  }
}

/** The draft of this name, where it is one that `isWork` recognises. */
export function readDraft<T>(name: string, isWork: (work: unknown) => work is T): Draft<T> | null {
  const draft = parsed(localStorage.getItem(PREFIX + name));
  return draft !== null && isWork(draft.work) ? { at: draft.at, work: draft.work } : null;
}

/** Names of the drafts that begin so. */
export function draftNames(beginning: string): string[] {
  const whole = PREFIX + beginning;
  return Object.keys(localStorage).flatMap((key) => (key.startsWith(whole) ? [key.slice(PREFIX.length)] : []));
}

export function dropDraft(name: string): void {
  localStorage.removeItem(PREFIX + name);
}

function parsed(text: string | null): Draft<unknown> | null {
  try {
    const value = JSON.parse(text ?? "null") as Partial<Draft<unknown>> | null;
    return typeof value?.at === "number" ? { at: value.at, work: value.work } : null;
  } catch {
    return null;
  }
}

function forgetOld(): void {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) {
    const draft = parsed(localStorage.getItem(key));
    if (draft === null || draft.at < Date.now() - FORGOTTEN_AFTER_MS) localStorage.removeItem(key);
  }
}
