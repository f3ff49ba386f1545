import { glyph } from "./glyph";
import type { Tool } from "./tool";

export const wand: Tool = {
  key: "W",
  icon: glyph(
    "M1.3 13.6 9.4 5.5l1.6 1.6-8.1 8.1zM12 .5l.6 1.9 1.9.6-1.9.6L12 5.5l-.6-1.9L9.5 3l1.9-.6zM5.5 1l.4 1.3 1.3.4-1.3.4-.4 1.3-.4-1.3-1.3-.4 1.3-.4zM14 8.5l.4 1.3 1.3.4-1.3.4-.4 1.3-.4-1.3-1.3-.4 1.3-.4z",
  ),
  kinds: ["box", "polygon", "mask"],
  draws: true,
  labelled: true,
  tunes: "tolerance",
  hints: { idle: "wandHint", going: "wandMore" },
  press: ({ at, how }, { onPress }) => {
    onPress(at, how);
    return {};
  },
};
