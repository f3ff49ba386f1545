import { Button, Select, Slider, Switch } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../i18n/language";
import { CHANNELS, PLAIN, type Channel, type Look } from "./desk";
import { useKeymap } from "./keymap";
import type { Action } from "./keys";

interface Props {
  readonly look: Look;
  /** The picture is cut into tiles. */
  readonly tiled: boolean;
  readonly onLook: (change: Partial<Look>) => void;
}

const LIGHTS = ["brightness", "contrast", "gamma"] as const;
const SWITCHES: readonly (readonly ["original" | "marks" | "captions" | "scores" | "filled" | "tiles", Action])[] = [
  ["original", "original"],
  ["marks", "marks"],
  ["captions", "captions"],
  ["scores", "scores"],
  ["filled", "outlines"],
  ["tiles", "tiles"],
];

/** How the picture and what lies on it are looked at; the image itself stays as it is. */
export function LookPanel({ look, tiled, onLook }: Props): ReactNode {
  const words = useWords();
  const { keyOf } = useKeymap();
  return (
    <div className="look">
      {LIGHTS.map((light) => (
        <label key={light}>
          <span>{words.editor[light]}</span>
          <Slider
            min={20}
            max={300}
            disabled={look.original}
            value={look[light]}
            onChange={(value) => onLook({ [light]: value })}
            ariaLabelForHandle={words.editor[light]}
            tooltip={{ formatter: (value) => `${value ?? 100} %` }}
          />
        </label>
      ))}
      <label>
        <span>
          {words.editor.channel} <kbd>{keyOf("channel")}</kbd>
        </span>
        <Select<Channel>
          size="small"
          disabled={look.original}
          value={look.channel}
          aria-label={words.editor.channel}
          onChange={(channel) => onLook({ channel })}
          options={CHANNELS.map((value) => ({ value, label: words.editor.channels[value] }))}
        />
      </label>
      {SWITCHES.filter(([part]) => tiled || part !== "tiles").map(([part, action]) => (
        <label key={part}>
          <span>
            {words.editor[part]} <kbd>{keyOf(action)}</kbd>
          </span>
          <Switch
            size="small"
            disabled={look.original && part !== "original"}
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
