import { BgColorsOutlined, BulbOutlined, QuestionCircleOutlined, RedoOutlined, UndoOutlined } from "@ant-design/icons";
import { Button, Popover, Slider, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../i18n/language";
import type { Desk } from "./desk";
import { useKeymap } from "./keymap";
import type { Action } from "./keys";
import { LookPanel } from "./LookPanel";
import { TOOLS } from "./tools/table";
import type { Editing, Steps } from "./useEditing";

interface Props {
  readonly editing: Editing;
  readonly desk: Desk;
  readonly steps: Steps;
  readonly onDesk: (desk: Desk) => void;
  readonly onHelp: () => void;
  /** The picture is cut into tiles. */
  readonly tiled: boolean;
  /** Whether a version proposes at the moment; null where none does here. */
  readonly proposes: boolean | null;
  readonly more?: ReactNode;
}

/** Every button says its key. */
export function ToolBar({ editing, desk, steps, onDesk, onHelp, tiled, proposes, more }: Props): ReactNode {
  const words = useWords();
  const { tools, tool, perform } = editing;
  const button = (action: Action, icon: ReactNode, on: { readonly pressed?: boolean; readonly disabled?: boolean } = {}) => (
    <ToolButton
      key={action}
      action={action}
      icon={icon}
      pressed={on.pressed}
      disabled={on.disabled ?? false}
      onClick={() => perform({ do: action })}
    />
  );
  return (
    <div className="workbench-tools" role="toolbar" aria-label={words.editor.tools}>
      {tools.map((each) => button(`tool ${each}`, TOOLS[each].icon, { pressed: tool === each }))}
      {TOOLS[tool].tunes === "radius" && (
        <Slider
          vertical
          className="brush-slider"
          min={1}
          max={100}
          value={desk.radius}
          onChange={(radius) => onDesk({ ...desk, radius })}
          ariaLabelForHandle={words.editor.brushRadius}
          tooltip={{ placement: "right", formatter: (value) => words.editor.pixels(value ?? 0) }}
        />
      )}
      <hr />
      {button("undo", <UndoOutlined />, { disabled: !steps.mayUndo && editing.paper.ring.length === 0 && editing.trial.kind === null })}
      {button("redo", <RedoOutlined />, { disabled: !steps.mayRedo })}
      <hr />
      {proposes !== null && button("propose", <BulbOutlined />, { pressed: proposes })}
      <Popover trigger="click" placement="rightTop" content={<LookPanel look={desk.look} tiled={tiled} onLook={editing.look} />}>
        <Button type="text" icon={<BgColorsOutlined />} title={words.editor.look} aria-label={words.editor.look} />
      </Popover>
      {more}
      <ToolButton action="help" icon={<QuestionCircleOutlined />} onClick={onHelp} />
    </div>
  );
}

interface ButtonProps {
  readonly action: Action;
  readonly icon: ReactNode;
  readonly pressed?: boolean | undefined;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

export function ToolButton({ action, icon, pressed, disabled = false, onClick }: ButtonProps): ReactNode {
  const words = useWords();
  const name = useKeymap().named(words.editor.actions[action], action);
  return (
    <Tooltip title={name} placement="right" mouseEnterDelay={0.4}>
      <Button
        type={pressed === true ? "primary" : "text"}
        icon={icon}
        aria-label={name}
        aria-pressed={pressed}
        disabled={disabled}
        onClick={(event) => {
          // A button that keeps the focus would take the next space bar.
          event.currentTarget.blur();
          onClick();
        }}
      />
    </Tooltip>
  );
}
