import { Collapse } from "antd";
import { useState, type ReactNode } from "react";
import { HelpTip } from "./HelpTip";
import "./section.css";

interface Props {
  /** Under this name the browser remembers whether the section is open. */
  readonly name: string;
  readonly title: string;
  readonly help?: string;
  /** A word on what is inside, seen while the section is closed too. */
  readonly hint?: ReactNode;
  readonly closed?: boolean;
  readonly children: ReactNode;
}

const STORE = "loupe.section.";

/** A card that folds; what is folded away is not drawn and asks for nothing. */
export function Section({ name, title, help, hint, closed = false, children }: Props): ReactNode {
  const [open, setOpen] = useState(() => {
    const stored = localStorage.getItem(STORE + name);
    return stored === null ? !closed : stored === "open";
  });
  return (
    <Collapse
      className="section"
      activeKey={open ? [name] : []}
      destroyOnHidden
      onChange={(keys) => {
        const now = keys.length > 0;
        localStorage.setItem(STORE + name, now ? "open" : "closed");
        setOpen(now);
      }}
      items={[
        {
          key: name,
          label: (
            <span className="section-title">
              {title} {help !== undefined && <HelpTip title={title} text={help} />}
            </span>
          ),
          extra: hint,
          children,
        },
      ]}
    />
  );
}
