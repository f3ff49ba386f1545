import { glyph } from "./glyph";
import type { Tool } from "./tool";

export const point: Tool = {
  key: "`",
  icon: glyph("M8 .8a4.700 4.700 0 0 1 4.700 4.700c0 3.300-4.700 9.700-4.700 9.700S3.300 8.800 3.300 5.500A4.700 4.700 0 0 1 8 .8m0 1.400a3.300 3.300 0 0 0-3.300 3.300c0 1.800 2 5.200 3.300 7.200 1.300-2 3.300-5.400 3.300-7.200A3.300 3.300 0 0 0 8 2.200m-.6 1.500h1.200v1.200h1.200v1.200H8.600v1.200H7.400V6.100H6.200V4.900h1.200z"),
  kinds: ["mask", "polygon", "box", "rotated_box"],
  draws: true,
  labelled: true,
  asks: true,
  hints: { idle: "pointHint", going: "pointMore" },
  press: ({ at, how }, { onPoint }) => {
    onPoint(at, how !== "subtract");
    return {};
  },
};
