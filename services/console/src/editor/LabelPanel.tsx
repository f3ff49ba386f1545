import { useState, type KeyboardEvent, type ReactNode, type Ref } from "react";
import { Input, type InputRef } from "antd";
import { FACTS } from "../api/generated/facts";
import { useWords } from "../i18n/language";
import { labelColour } from "../ui/theme";
import type { EditedShape } from "./shapes";

/** What can be done with labels themselves, where the page knows how. */
export interface LabelTools {
  readonly create: (name: string) => void;
  /** Buttons of one label: rename, delete. */
  readonly actions?: (name: string) => ReactNode;
}

interface Props {
  readonly labels: readonly string[];
  readonly shapes: readonly EditedShape[];
  /** Of the chosen shape, or of the next one. */
  readonly value: string;
  readonly tools: LabelTools;
  readonly search: Ref<InputRef>;
  readonly onChoose: (name: string) => void;
}

/** The project's labels: typed to find one or to make a new one, chosen by click or digit. */
export function LabelPanel({ labels, shapes, value, tools, search, onChoose }: Props): ReactNode {
  const words = useWords();
  const [typed, setTyped] = useState("");
  const wanted = typed.trim();
  const found = labels.filter((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  const exact = labels.includes(wanted);
  const counts = countsOf(shapes);

  const take = (name: string): void => {
    setTyped("");
    onChoose(name);
  };
  const enter = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (wanted === "") return;
    const [only] = found;
    if (exact) take(wanted);
    else if (found.length === 1 && only !== undefined) take(only);
    else make();
    event.currentTarget.blur();
  };
  const make = (): void => {
    tools.create(wanted);
    take(wanted);
  };
  return (
    <section className="label-panel">
      <h2>{words.editor.labels}</h2>
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
        {found.map((name) => {
          const place = labels.indexOf(name);
          return (
            <li key={name} className={name === value ? "label-row label-row-current" : "label-row"}>
              <button type="button" aria-pressed={name === value} title={name} onClick={() => take(name)}>
                <i style={{ background: labelColour(labels, name) }} />
                <span className="one-line">{name}</span>
                {(counts.get(name) ?? 0) > 0 && <span className="label-times">{counts.get(name)}</span>}
                {place < 9 && <kbd>{place + 1}</kbd>}
              </button>
              {tools.actions?.(name)}
            </li>
          );
        })}
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
