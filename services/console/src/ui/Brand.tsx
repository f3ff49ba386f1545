import type { ReactNode } from "react";
import { useWords } from "../i18n/language";

export function Brand(): ReactNode {
  const words = useWords();
  return (
    <span className="brand">
      <img src="/loupe.svg" alt="" width={30} height={30} />
      <span className="brand-name">Loupe</span>
      <span className="brand-line">{words.common.tagline}</span>
    </span>
  );
}
