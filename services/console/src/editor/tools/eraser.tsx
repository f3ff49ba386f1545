import { ClearOutlined } from "@ant-design/icons";
import { strokes } from "./strokes";
import type { Tool } from "./tool";

export const eraser: Tool = { key: "E", icon: <ClearOutlined />, ...strokes(true) };
