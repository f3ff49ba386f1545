import { RotateRightOutlined } from "@ant-design/icons";
import { drawingBox } from "./boxes";
import type { Tool } from "./tool";

/** Drawn upright, then turned by its grip. */
export const rotatedBox: Tool = {
  key: "R",
  icon: <RotateRightOutlined />,
  kinds: ["rotated_box"],
  draws: true,
  labelled: true,
  press: ({ at }) => drawingBox("rotated_box", at),
};
