import { distance, type Point } from "../geometry";
import { tracedRing } from "../reshaping";
import { written } from "../ShapeLayer";
import { glyph } from "./glyph";
import type { Gesture, How, Tool } from "./tool";

/** A hand trembles by so much, in screen pixels. */
const TREMBLE_PX = 1.2;

/** The outline follows the pointer while it is down. */
function tracing(path: readonly Point[], how: How): Gesture {
  const gesture: Gesture = {
    move: ({ at, pixel }) => {
      const last = path.at(-1);
      return last === undefined || distance(last, at) >= pixel ? tracing([...path, at], how) : gesture;
    },
    sketch: () => path.length > 1 && <polyline className="editor-path" points={written(path)} />,
    end: ({ image, onTrace }, pixel) => {
      const ring = tracedRing(path, TREMBLE_PX * pixel, image);
      if (ring !== null) onTrace(ring, how);
    },
  };
  return gesture;
}

export const lasso: Tool = {
  key: "Q",
  icon: glyph(
    "M8 1.5c3.9 0 7 2 7 4.7s-3.1 4.7-7 4.7c-.8 0-1.5-.1-2.2-.2A1.9 1.9 0 0 1 5 13.9c.3.6.3 1.2 0 1.6H3.6c.6-.5.5-1 .1-1.5a1.9 1.9 0 0 1-1.2-3C1.5 9.300 1 7.900 1 6.200c0-2.700 3.100-4.700 7-4.700m0 1.400c-3.200 0-5.600 1.5-5.600 3.300 0 1.2.6 2.300 1.400 3.100a1.9 1.9 0 0 1 1.800.0c.7.2 1.5.3 2.400.3 3.200 0 5.600-1.5 5.600-3.300S11.2 2.900 8 2.900",
  ),
  kinds: ["polygon", "mask"],
  draws: true,
  labelled: true,
  hints: { idle: "lassoHint", going: "lassoHint" },
  press: ({ at, how }) => tracing([at], how),
};
