import type { ReactNode } from "react";
import "./editor.css";

interface Props {
  /** An Editor, or what stands for it until there is one. */
  readonly children: ReactNode;
  readonly foot: ReactNode;
  /** Laid over the page instead of being it. */
  readonly over?: boolean;
}

/** The whole window under the header for one picture, with a strip under it. */
export function Workbench({ children, foot, over = false }: Props): ReactNode {
  return (
    <div className={over ? "workbench workbench-over" : "workbench"}>
      {children}
      <div className="workbench-foot">{foot}</div>
    </div>
  );
}
