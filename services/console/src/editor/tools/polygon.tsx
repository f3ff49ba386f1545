import { GatewayOutlined } from "@ant-design/icons";
import { clickedRing } from "./rings";
import type { Tool } from "./tool";

export const polygon: Tool = {
  key: "P",
  icon: <GatewayOutlined />,
  kinds: ["polygon"],
  labelled: true,
  ...clickedRing("polygon"),
};
