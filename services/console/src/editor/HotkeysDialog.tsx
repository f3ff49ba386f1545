import { Modal } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../i18n/language";
import { KEYS, type Action } from "./keys";
import { PROPOSAL_ACTIONS } from "./useProposals";
import type { ToolName } from "./tools/table";

interface Props {
  /** Tools of the project's task; keys of others do nothing and are not told. */
  readonly tools: readonly ToolName[];
  /** Versions propose here. */
  readonly proposes: boolean;
  readonly onClose: () => void;
}

/** Actions on what only these tools make. */
const NEEDS: Readonly<Partial<Record<Action, ToolName>>> = { "fill holes": "brush", simplify: "polygon", wider: "wand", narrower: "wand" };

/** Every key of the editor. */
export function HotkeysDialog({ tools, proposes, onClose }: Props): ReactNode {
  const words = useWords();
  const actions = (Object.keys(KEYS) as Action[]).filter(
    (action) => {
      if (PROPOSAL_ACTIONS.has(action)) return proposes;
      const needed = action.startsWith("tool ") ? action.slice(5) : NEEDS[action];
      return needed === undefined || tools.some((tool) => tool === needed);
    },
  );
  return (
    <Modal open width={760} title={words.editor.actions.help} footer={null} onCancel={onClose}>
      <dl className="hotkeys">
        {actions.map((action) => (
          <Row key={action} name={words.editor.actions[action]} chords={KEYS[action]} />
        ))}
        {proposes && <Row name={words.editor.proposals.accept} chords={KEYS.finish} />}
        {proposes && <Row name={words.editor.proposals.reject} chords={KEYS.delete} />}
        <Row name={words.editor.chooseLabel} chords={["1 – 9"]} />
        <Row name={words.editor.nudge} chords={["← ↑ → ↓"]} />
        <Row name={words.editor.nudgeFar} chords={["Shift + ← ↑ → ↓"]} />
        <Row name={words.editor.chooseMore} chords={[words.editor.shiftClick]} />
        <Row name={words.editor.chooseFrame} chords={[words.editor.shiftDrag]} />
        <Row name={words.editor.hold} chords={[words.editor.space]} />
        <Row name={words.editor.vertices} chords={[words.editor.doubleClick]} />
      </dl>
    </Modal>
  );
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
