import { useEffect, useRef, type ReactNode } from "react";
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
  const bench = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // What led here, say a dialog that is still closing, must not keep the keys of the editor.
    const { current } = bench;
    if (over && current?.contains(document.activeElement) === false) current.focus({ preventScroll: true });
  }, [over]);
  return (
    <div ref={bench} tabIndex={-1} className={over ? "workbench workbench-over" : "workbench"}>
      {children}
      <div className="workbench-foot">{foot}</div>
    </div>
  );
}
