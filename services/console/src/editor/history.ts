/** Steps that can be taken back and made again. */

export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
}

export function begun<T>(present: T): History<T> {
  return { past: [], present, future: [] };
}

/**
 * A new step; what was taken back before it is gone. A step that changes nothing is none. There is no limit:
 * steps share what they do not change.
 */
export function stepped<T>(history: History<T>, present: T): History<T> {
  if (present === history.present) return history;
  return { past: [...history.past, history.present], present, future: [] };
}

export function undone<T>({ past, present, future }: History<T>): History<T> {
  const before = past.at(-1);
  if (before === undefined) return { past, present, future };
  return { past: past.slice(0, -1), present: before, future: [present, ...future] };
}

export function redone<T>({ past, present, future }: History<T>): History<T> {
  const [next, ...rest] = future;
  if (next === undefined) return { past, present, future };
  return { past: [...past, present], present: next, future: rest };
}

/** Every step as `change` makes it: what came from elsewhere stays, whatever is taken back. */
export function throughout<T>({ past, present, future }: History<T>, change: (step: T) => T): History<T> {
  return { past: past.map(change), present: change(present), future: future.map(change) };
}
