/** Whether the platform answers, as the requests of this page have found it. */

/** When it fell silent, in milliseconds since the epoch; null while it answers. */
let silent: number | null = null;
const listeners = new Set<() => void>();

function change(next: number | null): void {
  silent = next;
  for (const listener of listeners) listener();
}

/** An answer came, whatever it says. */
export function heard(): void {
  if (silent !== null) change(null);
}

/** A request got no answer. */
export function unheard(): void {
  if (silent === null) change(Date.now());
}

export function silentSince(): number | null {
  return silent;
}

export function subscribeToConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
