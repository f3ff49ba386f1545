import Icon, {
  BgColorsOutlined,
  BorderOutlined,
  ClearOutlined,
  DragOutlined,
  GatewayOutlined,
  HighlightOutlined,
  QuestionCircleOutlined,
  RedoOutlined,
  RotateRightOutlined,
  StopOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { Button, Popover, Slider, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../i18n/language";
import type { Desk, Tool } from "./desk";
import { keyOf, type Action } from "./keys";
import { LookPanel } from "./LookPanel";
import type { Editing, Steps } from "./useEditing";

interface Props {
  readonly editing: Editing;
  readonly desk: Desk;
  readonly steps: Steps;
  readonly onDesk: (desk: Desk) => void;
  readonly onHelp: () => void;
  readonly more?: ReactNode;
}

const ARROW = (
  <Icon
    component={() => (
      <svg viewBox="0 0 16 16" width="1em" height="1em" fill="currentColor" aria-hidden="true">
        <path d="M3 1.5 13 8.2l-4.4.7 2.5 4.6-1.9 1-2.5-4.7L3.4 13z" />
      </svg>
    )}
  />
);

const ICONS: Readonly<Record<Tool, ReactNode>> = {
  select: ARROW,
  pan: <DragOutlined />,
  box: <BorderOutlined />,
  rotated_box: <RotateRightOutlined />,
  polygon: <GatewayOutlined />,
  brush: <HighlightOutlined />,
  eraser: <ClearOutlined />,
  ignore: <StopOutlined />,
};

/** Every button says its key. */
export function ToolBar({ editing, desk, steps, onDesk, onHelp, more }: Props): ReactNode {
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
      {tools.map((each) => button(`tool ${each}`, ICONS[each], { pressed: tool === each }))}
      {(tool === "brush" || tool === "eraser") && (
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
      {button("undo", <UndoOutlined />, { disabled: !steps.mayUndo && editing.ring.length === 0 })}
      {button("redo", <RedoOutlined />, { disabled: !steps.mayRedo })}
      <hr />
      <Popover trigger="click" placement="rightTop" content={<LookPanel look={desk.look} onLook={editing.look} />}>
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
  const name = `${words.editor.actions[action]} (${keyOf(action)})`;
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
