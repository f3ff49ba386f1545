import { ScissorOutlined } from "@ant-design/icons";
import type { Point } from "../geometry";
import { written } from "../ShapeLayer";
import type { Gesture, Tool } from "./tool";

function cutting(from: Point, to: Point = from): Gesture {
  return {
    move: ({ at }) => cutting(from, at),
    sketch: () => <polyline className="editor-path" points={written([from, to])} />,
    end: ({ onCut }) => onCut(from, to),
  };
}

/** A line through shapes makes two of one. */
export const cut: Tool = {
  key: "/",
  icon: <ScissorOutlined />,
  kinds: ["polygon", "mask"],
  draws: true,
  press: ({ at }) => cutting(at),
};
