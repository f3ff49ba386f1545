import {
  BgColorsOutlined,
  CheckCircleOutlined,
  DeleteOutlined,
  EyeInvisibleOutlined,
  EyeOutlined,
  LockOutlined,
  MergeCellsOutlined,
  NodeCollapseOutlined,
  UnlockOutlined,
  VerticalAlignBottomOutlined,
  VerticalAlignTopOutlined,
} from "@ant-design/icons";
import { Button, Input, type InputRef } from "antd";
import { memo, useEffect, useMemo, useRef, type MouseEvent, type ReactNode, type Ref } from "react";
import { useWords } from "../i18n/language";
import type { Colours } from "../ui/theme";
import { useKeymap } from "./keymap";
import type { Action } from "./keys";
import { nextLine } from "./reading";
import { colourOf, nameOf } from "./ShapeLayer";
import { isImageLabel, isRing, type Drawing, type EditedShape } from "./shapes";
import type { Editing } from "./useEditing";

interface Props {
  readonly editing: Editing;
  readonly drawing: Drawing;
  readonly colours: Colours;
  readonly reads: boolean;
  readonly text: Ref<InputRef>;
  /** The line after the one that was written is to be written next. */
  readonly onNext: (shape: EditedShape) => void;
  /** The task labels whole images: all that lies on one beside its label is what is ignored. */
  readonly whole: boolean;
}

/** Everything that lies on the image, to choose, hide, lock, order and delete without touching the picture. */
export function ObjectPanel({ editing, drawing, colours, reads, text, onNext, whole }: Props): ReactNode {
  const words = useWords();
  const { named } = useKeymap();
  const { chosen, hidden, locked, choose, toggle, perform } = editing;
  const { shapes, nothing } = drawing;
  const [only] = shapes.filter(({ id }) => chosen.has(id));
  const listed = useMemo(() => (whole ? shapes.filter((shape) => !isImageLabel(shape)) : shapes), [whole, shapes]);
  const hint = whole && <p className="secondary workbench-hint">{words.editor.wholeHint}</p>;
  if (whole && listed.length === 0) return hint;
  const act = (action: Action, icon: ReactNode, disabled: boolean) => (
    <Button
      type="text"
      size="small"
      icon={icon}
      disabled={disabled}
      title={named(words.editor.actions[action], action)}
      aria-label={words.editor.actions[action]}
      onClick={() => perform({ do: action })}
    />
  );
  return (
    <section className="object-panel">
      {hint}
      <header>
        <h2>{words.editor.objects(listed.length)}</h2>
        {listed.length > 1 && act("join", <MergeCellsOutlined />, chosen.size < 2)}
        {listed.some(isRing) && act("simplify", <NodeCollapseOutlined />, !shapes.some((shape) => chosen.has(shape.id) && isRing(shape)))}
        {listed.some(({ rle }) => rle !== null) &&
          act("fill holes", <BgColorsOutlined />, !shapes.some((shape) => chosen.has(shape.id) && shape.rle !== null))}
        {act("front", <VerticalAlignTopOutlined />, chosen.size === 0)}
        {act("back", <VerticalAlignBottomOutlined />, chosen.size === 0)}
        {act("delete", <DeleteOutlined />, chosen.size === 0)}
      </header>
      {shapes.length === 0 && (
        <Button
          block
          size="small"
          type={nothing ? "primary" : "default"}
          icon={<CheckCircleOutlined />}
          aria-pressed={nothing}
          title={words.editor.nothingHint}
          onClick={() => perform({ do: "nothing" })}
        >
          {named(words.editor.actions.nothing, "nothing")}
        </Button>
      )}
      {reads && chosen.size === 1 && only !== undefined && only.kind !== "ignore" && (
        <Input
          key={only.id}
          ref={text}
          size="small"
          value={only.text ?? ""}
          maxLength={1000}
          placeholder={words.editor.textHint}
          aria-label={words.editor.actions.text}
          onChange={(event) => editing.word(only.id, event.target.value)}
          onPressEnter={(event) => {
            // The key that ends a word of an input method is no end of the line.
            if (event.nativeEvent.isComposing) return;
            const next = nextLine(shapes, only.id, new Set([...hidden, ...locked]));
            if (next === null) return event.currentTarget.blur();
            choose([next.id], false);
            onNext(next);
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
      )}
      <ObjectList shapes={listed} colours={colours} chosen={chosen} hidden={hidden} locked={locked} onChoose={choose} onToggle={toggle} />
    </section>
  );
}

interface ListProps extends Pick<Editing, "chosen" | "hidden" | "locked"> {
  readonly shapes: readonly EditedShape[];
  readonly colours: Colours;
  readonly onChoose: Editing["choose"];
  readonly onToggle: Editing["toggle"];
}

/** A row for each shape; what happens beside the shapes, say a point more of the next one, asks none of them. */
const ObjectList = memo(function ObjectList({ shapes, colours, chosen, hidden, locked, onChoose, onToggle }: ListProps): ReactNode {
  const words = useWords();
  return (
    <ul className="object-list">
      {shapes.map((shape, place) => (
        <ObjectRow
          key={shape.id}
          shape={shape}
          place={place + 1}
          colour={colourOf(shape, colours)}
          name={nameOf(shape, words.editor.ignored)}
          origin={shape.proposedBy ? words.editor.proposedBy(shape.proposedBy) : ""}
          chosen={chosen.has(shape.id)}
          hidden={hidden.has(shape.id)}
          locked={locked.has(shape.id)}
          onChoose={onChoose}
          onToggle={onToggle}
          hideWord={words.editor.actions.hide}
          lockWord={words.editor.actions.lock}
        />
      ))}
    </ul>
  );
});

interface RowProps {
  readonly shape: EditedShape;
  readonly place: number;
  readonly colour: string;
  readonly name: string;
  /** Who proposed it; empty where a person drew it. */
  readonly origin: string;
  readonly chosen: boolean;
  readonly hidden: boolean;
  readonly locked: boolean;
  readonly onChoose: Editing["choose"];
  readonly onToggle: Editing["toggle"];
  readonly hideWord: string;
  readonly lockWord: string;
}

const ObjectRow = memo(function ObjectRow(props: RowProps): ReactNode {
  const { shape, place, colour, name, origin, chosen, hidden, locked, onChoose, onToggle, hideWord, lockWord } = props;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const choose = (event: MouseEvent): void =>
    onChoose([shape.id], event.shiftKey || event.ctrlKey || event.metaKey);
  return (
    <li ref={row} className={chosen ? "label-row label-row-current" : "label-row"}>
      <button type="button" aria-pressed={chosen} aria-label={name} title={`${name}${origin}`} onClick={choose}>
        <i style={{ background: colour }} />
        <span className="object-place">{place}</span>
        <span className={hidden ? "one-line object-hidden" : "one-line"}>{name}</span>
      </button>
      <button
        type="button"
        className={hidden ? "row-icon row-icon-on" : "row-icon"}
        aria-pressed={hidden}
        title={hideWord}
        aria-label={`${hideWord}: ${name}`}
        onClick={() => onToggle("hidden", [shape.id])}
      >
        {hidden ? <EyeInvisibleOutlined /> : <EyeOutlined />}
      </button>
      <button
        type="button"
        className={locked ? "row-icon row-icon-on" : "row-icon"}
        aria-pressed={locked}
        title={lockWord}
        aria-label={`${lockWord}: ${name}`}
        onClick={() => onToggle("locked", [shape.id])}
      >
        {locked ? <LockOutlined /> : <UnlockOutlined />}
      </button>
    </li>
  );
});
