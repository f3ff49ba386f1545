/** A project's labels as one who draws has them: colours, keys, order. */
import { FACTS } from "../api/generated/facts";
import { LABEL_COLOURS, type Colours } from "../ui/theme";

export interface LabelLook {
  readonly name: string;
  readonly colour: string;
  /** Its own, as {@link chordOf} tells it; "" where a digit is lent to it. */
  readonly hotkey: string;
  readonly note: string;
}

export function coloursOf(labels: readonly LabelLook[]): Colours {
  return new Map(labels.map(({ name, colour }) => [name, colour]));
}

const DIGITS = Array.from("123456789");
/** What the platform lets a label have for its own: what the editor itself has no use for. */
export const LABEL_CHORDS: readonly string[] = FACTS.label_hotkeys;

/** Which key is which label's: its own one, and the digits left over in the order of the list. */
export function hotkeysOf(labels: readonly LabelLook[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  const without = labels.filter(({ name, hotkey }) => {
    if (!LABEL_CHORDS.includes(hotkey) || keys.has(hotkey)) return true;
    keys.set(hotkey, name);
    return false;
  });
  const free = DIGITS.filter((digit) => !keys.has(digit));
  free.forEach((digit, place) => {
    const label = without[place];
    if (label !== undefined) keys.set(digit, label.name);
  });
  return keys;
}

/** The names with one of them in the place of another; those between make room. */
export function putAt(names: readonly string[], name: string, other: string): readonly string[] {
  const [from, to] = [names.indexOf(name), names.indexOf(other)];
  return from < 0 || to < 0 ? names : names.toSpliced(from, 1).toSpliced(to, 0, name);
}

/** The colour of a label that has none of its own, by how many there were before it. */
export function colourInTurn(before: number): string {
  return LABEL_COLOURS[before % LABEL_COLOURS.length] ?? LABEL_COLOURS[0];
}
