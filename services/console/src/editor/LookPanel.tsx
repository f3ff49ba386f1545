import { Button, Slider, Switch } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../i18n/language";
import { PLAIN, type Look } from "./desk";
import { keyOf, type Action } from "./keys";

interface Props {
  readonly look: Look;
  readonly onLook: (change: Partial<Look>) => void;
}

const LIGHTS = ["brightness", "contrast"] as const;
const SWITCHES: readonly (readonly ["marks" | "captions" | "filled", Action])[] = [
  ["marks", "marks"],
  ["captions", "captions"],
  ["filled", "outlines"],
];

/** How the picture and what lies on it are looked at; the image itself stays as it is. */
export function LookPanel({ look, onLook }: Props): ReactNode {
  const words = useWords();
  return (
    <div className="look">
      {LIGHTS.map((light) => (
        <label key={light}>
          <span>{words.editor[light]}</span>
          <Slider
            min={20}
            max={300}
            value={look[light]}
            onChange={(value) => onLook({ [light]: value })}
            ariaLabelForHandle={words.editor[light]}
            tooltip={{ formatter: (value) => `${value ?? 100} %` }}
          />
        </label>
      ))}
      {SWITCHES.map(([part, action]) => (
        <label key={part}>
          <span>
            {words.editor[part]} <kbd>{keyOf(action)}</kbd>
          </span>
          <Switch
            size="small"
            checked={look[part]}
            onChange={(on) => onLook({ [part]: on })}
            aria-label={words.editor[part]}
          />
        </label>
      ))}
      <Button size="small" onClick={() => onLook(PLAIN)}>
        {words.editor.plain}
      </Button>
    </div>
  );
}
