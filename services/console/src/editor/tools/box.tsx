import { BorderOutlined } from "@ant-design/icons";
import { drawingBox } from "./boxes";
import type { Tool } from "./tool";

export const box: Tool = {
  key: "B",
  icon: <BorderOutlined />,
  kinds: ["box"],
  draws: true,
  labelled: true,
  press: ({ at }) => drawingBox("box", at),
};
