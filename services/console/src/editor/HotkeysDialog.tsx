import { Button, Modal, Space } from "antd";
import { useState, type KeyboardEvent, type ReactNode } from "react";
import { useWords } from "../i18n/language";
import { FIXED, keepKeys, refusalOf, takenOf, useKeymap, withKeys, type Refusal, type Taken } from "./keymap";
import { chordOf, KEYS, PAGE_ACTIONS, type Action } from "./keys";
import { PROPOSAL_ACTIONS } from "./useProposals";
import type { ToolName } from "./tools/table";
import "./hotkeys.css";

interface Props {
  /** Tools of the project's task; keys of others do nothing and are not told. */
  readonly tools: readonly ToolName[];
  /** Versions propose here. */
  readonly proposes: boolean;
  /** Which of {@link PAGE_ACTIONS} the page around does here. */
  readonly page: ReadonlySet<Action>;
  /** The way to a tour of the page, where it has one. */
  readonly onTour?: (() => void) | undefined;
  readonly onClose: () => void;
}

/** Actions on what only these tools make. */
const NEEDS: Readonly<Partial<Record<Action, ToolName>>> = { "fill holes": "brush", simplify: "polygon", wider: "wand", narrower: "wand" };

/** Keys that only change what another one means, and those that end the change. */
const HELD: ReadonlySet<string> = new Set(["Shift", "Control", "Alt", "Meta", "CapsLock", "AltGraph"]);

/** What a person wants to change: at first an action, then the keys for it and what speaks against them. */
interface Wish {
  readonly action: Action;
  readonly chords: readonly string[];
  readonly refusal: Refusal | null;
  readonly taken: Taken | null;
}

/** Every key of the editor, and the way to another one. */
export function HotkeysDialog({ tools, proposes, page, onTour, onClose }: Props): ReactNode {
  const words = useWords();
  const keymap = useKeymap();
  const [wish, setWish] = useState<Wish | null>(null);
  const actions = (Object.keys(KEYS) as Action[]).filter(
    (action) => {
      if (PROPOSAL_ACTIONS.has(action)) return proposes;
      if (PAGE_ACTIONS.has(action)) return page.has(action);
      const needed = action.startsWith("tool ") ? action.slice(5) : NEEDS[action];
      return needed === undefined || tools.some((tool) => tool === needed);
    },
  );
  const want = (action: Action, chords: readonly string[]): void => {
    const [first = ""] = chords;
    const refusal = chords === KEYS[action] ? null : refusalOf(first);
    const taken = takenOf(keymap, action, chords);
    if (refusal !== null || taken !== null) return setWish({ action, chords, refusal, taken });
    keepKeys(withKeys(keymap, action, chords));
    setWish(null);
  };
  const swap = ({ action, chords }: Wish): void => {
    keepKeys(withKeys(keymap, action, chords));
    setWish(null);
  };
  return (
    <Modal open width={860} title={words.editor.actions.help} keyboard={wish === null} footer={null} onCancel={onClose}>
      <p className="secondary">{words.editor.keys.hint}</p>
      <dl className="hotkeys">
        {actions.map((action) =>
          FIXED.has(action) ? (
            <Row key={action} name={words.editor.actions[action]} chords={keymap.keys[action]} />
          ) : (
            <ChangeableRow
              key={action}
              action={action}
              chords={keymap.keys[action]}
              changed={keymap.own[action] !== undefined}
              wish={wish?.action === action ? wish : null}
              onAsk={() => setWish({ action, chords: [], refusal: null, taken: null })}
              onWant={(chords) => want(action, chords)}
              onSwap={swap}
              onLeave={() => setWish(null)}
            />
          ),
        )}
        {proposes && <Row name={words.editor.proposals.accept} chords={keymap.keys.finish} />}
        {proposes && <Row name={words.editor.proposals.reject} chords={keymap.keys.delete} />}
        <Row name={words.editor.chooseLabel} chords={["1 – 9"]} />
        <Row name={words.editor.nudge} chords={["← ↑ → ↓"]} />
        <Row name={words.editor.nudgeFar} chords={["Shift + ← ↑ → ↓"]} />
        <Row name={words.editor.chooseMore} chords={[words.editor.shiftClick]} />
        <Row name={words.editor.chooseFrame} chords={[words.editor.shiftDrag]} />
        <Row name={words.editor.hold} chords={[words.editor.space]} />
        <Row name={words.editor.vertices} chords={[words.editor.doubleClick]} />
      </dl>
      <Space className="hotkeys-reset">
        <Button disabled={Object.keys(keymap.own).length === 0} onClick={() => keepKeys({})}>
          {words.editor.keys.resetAll}
        </Button>
        {onTour !== undefined && (
          <Button
            onClick={() => {
              onClose();
              onTour();
            }}
          >
            {words.tour.again}
          </Button>
        )}
      </Space>
    </Modal>
  );
}

interface ChangeableProps {
  readonly action: Action;
  readonly chords: readonly string[];
  readonly changed: boolean;
  readonly wish: Wish | null;
  readonly onAsk: () => void;
  readonly onWant: (chords: readonly string[]) => void;
  readonly onSwap: (wish: Wish) => void;
  readonly onLeave: () => void;
}

function ChangeableRow({ action, chords, changed, wish, onAsk, onWant, onSwap, onLeave }: ChangeableProps): ReactNode {
  const words = useWords();
  const said = words.editor.keys;
  const name = words.editor.actions[action];
  const listen = (event: KeyboardEvent): void => {
    if (wish === null || HELD.has(event.key)) return;
    // Tab goes on through the dialog, as everywhere.
    if (event.key === "Tab") return onLeave();
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") onLeave();
    else onWant([event.altKey ? `Alt+${event.key}` : chordOf(event)]);
  };
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <button
          type="button"
          className="hotkey"
          aria-label={said.change(name, chords.join(", "))}
          aria-pressed={wish !== null}
          onClick={() => (wish === null ? onAsk() : onLeave())}
          onKeyDown={listen}
        >
          {chords.length === 0 ? <i>{said.none}</i> : chords.map((chord) => <kbd key={chord}>{chord}</kbd>)}
        </button>
        {changed && (
          <Button size="small" type="link" aria-label={said.resetOne(name)} onClick={() => onWant(KEYS[action])}>
            {said.reset}
          </Button>
        )}
      </dd>
      <p role="status">
        {wish !== null && <Told wish={wish} />}
        {wish !== null && wish.refusal === null && wish.taken !== null && (
          <Button size="small" onClick={() => onSwap(wish)}>
            {said.swap}
          </Button>
        )}
      </p>
    </div>
  );
}

function Told({ wish: { chords, refusal, taken } }: { readonly wish: Wish }): ReactNode {
  const words = useWords();
  const said = words.editor.keys;
  const [first = ""] = chords;
  if (first === "") return said.press;
  if (refusal !== null) return said.refused[refusal](first);
  return taken === null ? null : said.taken(taken.chord, words.editor.actions[taken.by]);
}

function Row({ name, chords }: { readonly name: string; readonly chords: readonly string[] }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {chords.map((chord) => (
          <kbd key={chord}>{chord}</kbd>
        ))}
      </dd>
    </div>
  );
}
