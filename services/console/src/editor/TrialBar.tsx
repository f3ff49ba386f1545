import { CheckOutlined, CloseOutlined } from "@ant-design/icons";
import { Button, Segmented, Slider, Space } from "antd";
import type { ReactNode } from "react";
import type { ShapeKind } from "../api/annotation";
import { useWords } from "../i18n/language";
import type { Desk } from "./desk";
import type { Size } from "./geometry";
import { useKeymap } from "./keymap";
import { pointedFor, pointedOf, type Pointed } from "./pointing";
import { makesFor, makesOf, type Makes } from "./reshaping";
import { TOOLS } from "./tools/table";
import type { Editing } from "./useEditing";
import { LIMITS } from "./useTrial";
import { isWhole, WINDOW_SIDE } from "./wand";

interface Props {
  readonly editing: Editing;
  readonly image: Size;
  readonly kinds: readonly ShapeKind[];
  readonly desk: Desk;
  readonly onDesk: (desk: Desk) => void;
}

/** Under the picture: what wand and lasso leave, how far a colour or an outline may go, and whether it shall be so. */
export function TrialBar({ editing, image, kinds, desk, onDesk }: Props): ReactNode {
  const words = useWords();
  const { named } = useKeymap();
  const { trial } = editing;
  const tool = TOOLS[editing.tool];
  const makes = makesFor(kinds).filter((each) => tool.kinds?.includes(each));
  const simplifies = trial.kind === "simplify";
  const tolerates = tool.tunes === "tolerance";
  const asks = tool.asks === true;
  const gives = asks ? pointedFor(kinds) : [];
  if (!simplifies && (tool.hints === undefined || (!tolerates && !asks && makes.length < 2))) return null;
  const [name, value, limits] = simplifies
    ? ([words.editor.slack, desk.slack, LIMITS.simplify] as const)
    : ([words.editor.tolerance, desk.tolerance, LIMITS.wand] as const);
  const points = trial.shown.shapes.reduce((sum, shape) => sum + (editing.chosen.has(shape.id) ? shape.points.length : 0), 0);
  return (
    <div className="trial-bar" role="group" aria-label={asks && !simplifies ? words.editor.actions["tool point"] : name}>
      {!simplifies && gives.length > 1 && (
        <Segmented<Pointed>
          size="small"
          aria-label={words.editor.makes}
          value={pointedOf(desk.pointed, kinds)}
          onChange={trial.give}
          options={gives.map((each) => ({ value: each, label: words.editor.made[each] }))}
        />
      )}
      {!simplifies && !asks && makes.length > 1 && (
        <Segmented<Makes>
          size="small"
          aria-label={words.editor.makes}
          value={makesOf(desk.makes, kinds)}
          onChange={(next) => onDesk({ ...desk, makes: next })}
          options={makes.map((each) => ({ value: each, label: words.editor.made[each] }))}
        />
      )}
      {(simplifies || tolerates) && (
        <>
          <span>{name}</span>
          <Slider
            {...limits}
            value={value}
            onChange={trial.set}
            ariaLabelForHandle={name}
            tooltip={{ open: false }}
          />
          <output>{simplifies ? words.editor.pixels(value) : value}</output>
        </>
      )}
      {trial.kind !== null && (
        <Space.Compact size="small">
          <Button
            type="primary"
            icon={<CheckOutlined />}
            loading={trial.searching}
            title={named(words.editor.make, "finish")}
            aria-label={words.editor.make}
            onClick={trial.make}
          />
          <Button
            icon={<CloseOutlined />}
            title={named(words.editor.actions.leave, "leave")}
            aria-label={words.editor.actions.leave}
            onClick={trial.drop}
          />
        </Space.Compact>
      )}
      <span className="secondary">{simplifies ? words.editor.points(points) : tool.hints && words.editor[tool.hints[trial.kind === null ? "idle" : "going"]]}</span>
      {tolerates && !isWhole(image) && <span className="secondary">{words.editor.wandWindow(WINDOW_SIDE / 2)}</span>}
    </div>
  );
}
