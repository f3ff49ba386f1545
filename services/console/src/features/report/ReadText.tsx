import { Typography } from "antd";
import type { ReactNode } from "react";
import type { TextPart } from "../../api/evaluator";

interface Props {
  readonly parts: readonly TextPart[];
  /** Of each part: what stands there, or what was read. */
  readonly side: "truth" | "read";
  /** Said where there is nothing at all. */
  readonly nothing: string;
}

/** One side of a line, the signs in which both sides differ marked; a sign that only the other side has leaves a gap. */
export function ReadText({ parts, side, nothing }: Props): ReactNode {
  if (parts.every((part) => part[side] === "")) return <Typography.Text type="secondary">{nothing}</Typography.Text>;
  return (
    <span className="read-text">
      {parts.map((part, place) => {
        const text = part[side];
        if (!part.wrong) return <span key={place}>{text}</span>;
        return (
          <mark key={place} className={text === "" ? "sign-gap" : `sign-${side}`}>
            {seenSigns(text)}
          </mark>
        );
      })}
    </span>
  );
}

/** A space that is wrong would not be seen. */
export function seenSigns(text: string): string {
  return text.replaceAll(/\s/g, "␣");
}
