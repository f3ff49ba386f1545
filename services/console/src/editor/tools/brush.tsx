import { HighlightOutlined } from "@ant-design/icons";
import { strokes } from "./strokes";
import type { Tool } from "./tool";

export const brush: Tool = {
  key: "M",
  icon: <HighlightOutlined />,
  labelled: true,
  ...strokes(false),
  // The next stroke begins another mask.
  finish: ({ onChoose }) => onChoose([], false),
};
