/** The keys as one person wants them: kept in this browser, for each person who signs in here. */
import { useSyncExternalStore } from "react";
import { person } from "../api/session";
import { KEYS, LABEL_KEYS, type Action, type Keys } from "./keys";

/** What was changed; actions that are left out keep the keys they came with. */
export type OwnKeys = Readonly<Partial<Record<Action, readonly string[]>>>;

export interface Keymap {
  readonly own: OwnKeys;
  readonly keys: Keys;
  readonly actions: ReadonlyMap<string, Action>;
  /** The key that a button or a hint names; "" where somebody has left the action without one. */
  readonly keyOf: (action: Action) => string;
  /** What a button is called, with its key. */
  readonly named: (name: string, action: Action) => string;
}

/** They end what is under way in every field and dialog, too, and mean the same to everybody. */
export const FIXED: ReadonlySet<Action> = new Set(["finish", "leave"]);

const ACTIONS = Object.keys(KEYS) as Action[];

/** The keys with those changes; a key that somebody has given away is none of the action it came with. */
export function keymapOf(own: OwnKeys): Keymap {
  const given = new Set(Object.values(own).flat());
  const chordsOf = (action: Action): readonly string[] => own[action] ?? KEYS[action].filter((chord) => !given.has(chord));
  const keys = Object.fromEntries(ACTIONS.map((action) => [action, chordsOf(action)])) as unknown as Keys;
  const keyOf = (action: Action): string => keys[action][0] ?? "";
  return {
    own,
    keys,
    actions: new Map(ACTIONS.flatMap((action) => keys[action].map((chord) => [chord, action] as const))),
    keyOf,
    named: (name, action) => (keyOf(action) === "" ? name : `${name} (${keyOf(action)})`),
  };
}

/** Why a key cannot be an action's. */
export type Refusal = "ofLabels" | "ofEditor" | "ofBrowser" | "unknown";

const OF_EDITOR = /^((Shift\+)?Arrow\w+|(Shift\+)?Enter|(Ctrl\+)?(Shift\+)?(Escape| ))$/;
/** What no page gets to see, or what people need when a page hangs. */
const OF_BROWSER = /^(Ctrl\+(Shift\+)?([TNWQRLJ1-9]|Page\w+)|F(1|5|6|11|12))$/;
const NAMED = /^(Ctrl\+)?(Shift\+)?(\S|Arrow(Left|Right|Up|Down)|Delete|Backspace|Insert|Home|End|Page(Up|Down)|Enter|F\d+)$/u;

/** What speaks against a key, whatever it is to do; null for nothing. */
export function refusalOf(chord: string): Refusal | null {
  if (LABEL_KEYS.has(chord)) return "ofLabels";
  if (OF_EDITOR.test(chord)) return "ofEditor";
  if (OF_BROWSER.test(chord)) return "ofBrowser";
  return NAMED.test(chord) ? null : "unknown";
}

/** A key that does something else already. */
export interface Taken {
  readonly chord: string;
  readonly by: Action;
}

/** The first of these keys that has an action other than the one they are for. */
export function takenOf({ actions }: Keymap, action: Action, chords: readonly string[]): Taken | null {
  for (const chord of chords) {
    const by = actions.get(chord);
    if (by !== undefined && by !== action) return { chord, by };
  }
  return null;
}

/** The action with these keys; whoever had the first of them gets one of the action's own for it. */
export function withKeys({ keys, own }: Keymap, action: Action, chords: readonly string[]): OwnKeys {
  const back = keys[action].filter((chord) => !chords.includes(chord)).slice(0, 1);
  const next: Partial<Record<Action, readonly string[]>> = { ...own, [action]: chords };
  for (const other of ACTIONS) {
    if (other === action || !keys[other].some((chord) => chords.includes(chord))) continue;
    next[other] = keys[other].flatMap((chord) => (chords.includes(chord) ? back.splice(0) : chord));
  }
  return Object.fromEntries(Object.entries(next).filter(([name, list]) => list.join(" ") !== KEYS[name as Action].join(" ")));
}

const STORE = "loupe.hotkeys.";
const listeners = new Set<() => void>();
/** What the browser had no room for holds until the page is left. */
const unkept = new Map<string, string>();
let known = { text: "", map: keymapOf({}) };

function now(): Keymap {
  const name = STORE + person();
  const text = unkept.get(name) ?? localStorage.getItem(name) ?? "";
  if (text !== known.text) known = { text, map: keymapOf(parsed(text)) };
  return known.map;
}

export function keepKeys(own: OwnKeys): void {
  const [name, text] = [STORE + person(), JSON.stringify(own)];
  unkept.delete(name);
  try {
    localStorage.setItem(name, text);
  } catch {
    unkept.set(name, text);
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** The keys of who is signed in, also while another tab changes them. */
export function useKeymap(): Keymap {
  return useSyncExternalStore(subscribe, now);
}

/** What was kept, without what this console does not know or would not take. */
function parsed(text: string): OwnKeys {
  const own: Partial<Record<Action, readonly string[]>> = {};
  const seen = new Set<string>();
  for (const [name, chords] of entriesOf(text)) {
    const action = ACTIONS.find((each) => each === name);
    if (action === undefined || FIXED.has(action) || !Array.isArray(chords)) continue;
    const fit = chords.filter((chord): chord is string => typeof chord === "string" && !seen.has(chord) && mayHave(action, chord));
    for (const chord of fit) seen.add(chord);
    if (fit.length > 0) own[action] = fit;
  }
  return own;
}

function mayHave(action: Action, chord: string): boolean {
  return refusalOf(chord) === null || KEYS[action].includes(chord);
}

function entriesOf(text: string): [string, unknown][] {
  try {
    return Object.entries((JSON.parse(text === "" ? "{}" : text) ?? {}) as object);
  } catch {
    return [];
  }
}
