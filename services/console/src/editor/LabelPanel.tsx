import { useMemo, useState, type DragEvent, type KeyboardEvent, type ReactNode, type Ref } from "react";
import { Input, type InputRef } from "antd";
import { FACTS } from "../api/generated/facts";
import { useWords } from "../i18n/language";
import { putAt, type LabelLook } from "./labels";
import type { EditedShape } from "./shapes";

/** What can be done with labels themselves, where the page knows how. */
export interface LabelTools {
  readonly create: (name: string) => void;
  /** Buttons of one label: change, delete. */
  readonly actions?: (name: string) => ReactNode;
  /** What concerns no single label. */
  readonly more?: ReactNode;
  /** Put the labels in this order. */
  readonly order?: (names: readonly string[]) => void;
}

interface Props {
  readonly labels: readonly LabelLook[];
  /** Which label a key chooses. */
  readonly hotkeys: ReadonlyMap<string, string>;
  readonly shapes: readonly EditedShape[];
  /** Of the chosen shape, or of the next one. */
  readonly value: string;
  readonly tools: LabelTools;
  readonly search: Ref<InputRef>;
  readonly onChoose: (name: string) => void;
}

/** The project's labels: typed to find one or to make a new one, chosen by click or key, put in order by drag or key. */
export function LabelPanel({ labels, hotkeys, shapes, value, tools, search, onChoose }: Props): ReactNode {
  const words = useWords();
  const [typed, setTyped] = useState("");
  const wanted = typed.trim();
  const names = labels.map(({ name }) => name);
  const found = labels.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()));
  const exact = names.includes(wanted);
  const keys = useMemo(() => new Map([...hotkeys].map(([key, name]) => [name, key])), [hotkeys]);
  const [dragged, setDragged] = useState<string | null>(null);
  // What is found by typing stands not beside what it will stand beside.
  const order = wanted === "" ? tools.order : undefined;
  const put = (name: string | null, other: string | undefined): void => {
    if (name !== null && other !== undefined && name !== other) order?.(putAt(names, name, other));
  };
  // What opens over a row is not in it, though React tells the row of what happens there.
  const lands = ({ currentTarget, target }: DragEvent): boolean => dragged !== null && target instanceof Node && currentTarget.contains(target);
  const step = (event: KeyboardEvent, name: string): void => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (!event.altKey || by === 0 || order === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const place = names.indexOf(name) + by;
    if (place >= 0) put(name, names[place]);
  };
  const counts = countsOf(shapes);

  const take = (name: string): void => {
    setTyped("");
    onChoose(name);
  };
  const enter = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (wanted === "") return;
    const [only] = found;
    if (exact) take(wanted);
    else if (found.length === 1 && only !== undefined) take(only.name);
    else make();
    event.currentTarget.blur();
  };
  const make = (): void => {
    tools.create(wanted);
    take(wanted);
  };
  return (
    <section className="label-panel">
      <header>
        <h2>{words.editor.labels}</h2>
        {tools.more}
      </header>
      <Input
        ref={search}
        size="small"
        value={typed}
        maxLength={FACTS.longest.label}
        allowClear
        autoFocus={labels.length === 0}
        placeholder={labels.length === 0 ? words.editor.firstLabel : words.editor.findLabel}
        aria-label={words.editor.findLabel}
        onChange={(event) => setTyped(event.target.value)}
        onPressEnter={enter}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      <ul className="label-list">
        {found.map(({ name, colour, note }) => (
          <li
            key={name}
            className={name === value ? "label-row label-row-current" : "label-row"}
            onDragOver={(event) => {
              if (lands(event)) event.preventDefault();
            }}
            onDrop={(event) => {
              if (!lands(event)) return;
              event.preventDefault();
              put(dragged, name);
            }}
          >
            {order !== undefined && (
              <span
                className="label-grip"
                draggable
                title={words.editor.orderHint}
                onDragStart={(event) => {
                  event.dataTransfer.setData("text/plain", name);
                  event.dataTransfer.effectAllowed = "move";
                  setDragged(name);
                }}
                onDragEnd={() => setDragged(null)}
              />
            )}
            <button
              type="button"
              className="label-choose"
              aria-pressed={name === value}
              title={[name, note, order === undefined ? "" : words.editor.orderHint].filter(Boolean).join("\n")}
              onClick={() => take(name)}
              onKeyDown={(event) => step(event, name)}
            >
              <i style={{ background: colour }} />
              <span className="one-line">{name}</span>
              {(counts.get(name) ?? 0) > 0 && <span className="label-times">{counts.get(name)}</span>}
              {keys.has(name) && <kbd>{keys.get(name)}</kbd>}
            </button>
            {tools.actions?.(name)}
          </li>
        ))}
        {wanted !== "" && !exact && (
          <li className="label-row">
            <button type="button" className="label-make" onClick={make}>
              {words.editor.makeLabel(wanted)}
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}

function countsOf(shapes: readonly EditedShape[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of shapes) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
