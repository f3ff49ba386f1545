import type { ReactNode } from "react";
import { labelColour, type Colours } from "./theme";

interface Props {
  /** One name an annotation. */
  readonly labels: readonly string[];
  readonly colours: Colours;
}

/** "RBC × 16": which labels there are, and how often. */
export function counted(labels: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts];
}

/** The labels of an image as coloured counts; the whole list, name by name, is in the title. */
export function LabelCounts({ labels, colours }: Props): ReactNode {
  if (labels.length === 0) return "—";
  return (
    <span className="label-counts" title={labels.join(", ")}>
      {counted(labels).map(([name, count]) => (
        <span key={name} className="label-count">
          <i style={{ background: labelColour(colours, name) }} />
          <span className="label-name">{name}</span> × {count}
        </span>
      ))}
    </span>
  );
}
