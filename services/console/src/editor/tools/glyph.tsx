import Icon from "@ant-design/icons";
import type { ReactNode } from "react";

/** What the icon set lacks, on a square of sixteen. */
export function glyph(path: string): ReactNode {
  const component = (): ReactNode => (
    <svg viewBox="0 0 16 16" width="1em" height="1em" fill="currentColor" fillRule="evenodd" aria-hidden="true">
      <path d={path} />
    </svg>
  );
  return <Icon component={component} />;
}
