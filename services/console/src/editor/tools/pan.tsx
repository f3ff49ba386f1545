import { DragOutlined } from "@ant-design/icons";
import type { Tool } from "./tool";

/** Every press is the stage's, which shifts the picture. */
export const pan: Tool = { key: "H", icon: <DragOutlined />, draws: false };
