import { StopOutlined } from "@ant-design/icons";
import { clickedRing } from "./rings";
import type { Tool } from "./tool";

/** A region that neither trains nor counts, in every task. */
export const ignore: Tool = { key: "I", icon: <StopOutlined />, ...clickedRing("ignore") };
