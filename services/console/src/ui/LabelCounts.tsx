import type { ReactNode } from "react";
import { labelColour } from "./theme";

interface Props {
  /** One name an annotation. */
  readonly labels: readonly string[];
  /** All names of the project, in the order that gives them their colours. */
  readonly names: readonly string[];
}

/** "RBC × 16": which labels there are, and how often. */
export function counted(labels: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts];
}

/** The labels of an image as coloured counts; the whole list, name by name, is in the title. */
export function LabelCounts({ labels, names }: Props): ReactNode {
  if (labels.length === 0) return "—";
  return (
    <span className="label-counts" title={labels.join(", ")}>
      {counted(labels).map(([name, count]) => (
        <span key={name} className="label-count">
          <i style={{ background: labelColour(names, name) }} />
          <span className="label-name">{name}</span> × {count}
        </span>
      ))}
    </span>
  );
}
