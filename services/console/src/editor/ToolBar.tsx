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
  ScissorOutlined,
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
  /** The picture is cut into tiles. */
  readonly tiled: boolean;
  readonly more?: ReactNode;
}

/** What the icon set lacks, on a square of sixteen. */
function drawn(path: string): ReactNode {
  const component = (): ReactNode => (
    <svg viewBox="0 0 16 16" width="1em" height="1em" fill="currentColor" fillRule="evenodd" aria-hidden="true">
      <path d={path} />
    </svg>
  );
  return <Icon component={component} />;
}

const ARROW = drawn("M3 1.5 13 8.2l-4.4.7 2.5 4.6-1.9 1-2.5-4.7L3.4 13z");
const WAND = drawn(
  "M1.3 13.6 9.4 5.5l1.6 1.6-8.1 8.1zM12 .5l.6 1.9 1.9.6-1.9.6L12 5.5l-.6-1.9L9.5 3l1.9-.6zM5.5 1l.4 1.3 1.3.4-1.3.4-.4 1.3-.4-1.3-1.3-.4 1.3-.4zM14 8.5l.4 1.3 1.3.4-1.3.4-.4 1.3-.4-1.3-1.3-.4 1.3-.4z",
);
const LASSO = drawn(
  "M8 1.5c3.9 0 7 2 7 4.7s-3.1 4.7-7 4.7c-.8 0-1.5-.1-2.2-.2A1.9 1.9 0 0 1 5 13.9c.3.6.3 1.2 0 1.6H3.6c.6-.5.5-1 .1-1.5a1.9 1.9 0 0 1-1.2-3C1.5 9.300 1 7.900 1 6.200c0-2.700 3.100-4.700 7-4.700m0 1.400c-3.200 0-5.600 1.5-5.600 3.300 0 1.2.6 2.300 1.400 3.100a1.9 1.9 0 0 1 1.800.0c.7.2 1.5.3 2.400.3 3.200 0 5.600-1.5 5.600-3.300S11.2 2.900 8 2.900",
);

const ICONS: Readonly<Record<Tool, ReactNode>> = {
  select: ARROW,
  pan: <DragOutlined />,
  box: <BorderOutlined />,
  rotated_box: <RotateRightOutlined />,
  polygon: <GatewayOutlined />,
  lasso: LASSO,
  wand: WAND,
  brush: <HighlightOutlined />,
  eraser: <ClearOutlined />,
  cut: <ScissorOutlined />,
  ignore: <StopOutlined />,
};

/** Every button says its key. */
export function ToolBar({ editing, desk, steps, onDesk, onHelp, tiled, more }: Props): ReactNode {
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
      {button("undo", <UndoOutlined />, { disabled: !steps.mayUndo && editing.ring.length === 0 && editing.trial.kind === null })}
      {button("redo", <RedoOutlined />, { disabled: !steps.mayRedo })}
      <hr />
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
