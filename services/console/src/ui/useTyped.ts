import { useEffect, useEffectEvent, useState } from "react";

/** A value takes effect once the typing has rested for so long. */
const REST_MS = 400;

/**
 * A field that counts without a button: shows what is typed, hands it on after a rest, and follows the
 * value where it changes from elsewhere.
 */
export function useTyped<T>(value: T, commit: (typed: T) => void): readonly [T, (typed: T) => void] {
  const [typed, setTyped] = useState({ over: value, text: value });
  // What was typed over another value is over, else it would come back with that value.
  if (typed.over !== value) setTyped({ over: value, text: value });
  const shown = typed.over === value ? typed.text : value;
  const latest = useEffectEvent(commit);
  useEffect(() => {
    if (shown === value) return;
    const timer = window.setTimeout(() => latest(shown), REST_MS);
    return () => window.clearTimeout(timer);
  }, [shown, value]);
  return [shown, (text) => setTyped({ over: value, text })];
}
