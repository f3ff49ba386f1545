// @vitest-environment happy-dom
import { render } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { coloursInTurn } from "../ui/theme";
import { ShapeLayer } from "./ShapeLayer";
import { boxShape, outlineOf, type EditedShape } from "./shapes";

vi.mock("./shapes", async (original) => {
  const shapes = await original<typeof import("./shapes")>();
  return { ...shapes, outlineOf: vi.fn(shapes.outlineOf) };
});

const SHAPES = Array.from({ length: 500 }, (_, place) =>
  boxShape(`s${place}`, "box", "pore", [place, 10, place + 5, 20]),
);
const COLOURS = coloursInTurn(["pore"]);
const NONE: ReadonlySet<string> = new Set();

function layer(shapes: readonly EditedShape[], chosen = NONE) {
  return (
    <svg>
      <ShapeLayer
        shapes={shapes}
        colours={COLOURS}
        chosen={chosen}
        hidden={NONE}
        locked={NONE}
        captions
        filled
        ignored="ignored"
      />
    </svg>
  );
}

/** Each drawing of a shape asks once for its outline. */
function drawings(act: () => void): number {
  vi.mocked(outlineOf).mockClear();
  act();
  return vi.mocked(outlineOf).mock.calls.length;
}

test("of five hundred shapes only those that change are drawn anew", () => {
  const { rerender, container } = render(layer(SHAPES));
  expect(container.querySelectorAll(".editor-shape")).toHaveLength(500);
  const moved = SHAPES.with(7, boxShape("s7", "box", "pore", [0, 0, 9, 9]));
  expect(drawings(() => rerender(layer(moved)))).toBe(1);
  expect(drawings(() => rerender(layer(moved, new Set(["s3"]))))).toBe(1);
  expect(drawings(() => rerender(layer(moved, new Set(["s4"]))))).toBe(2);
  expect(drawings(() => rerender(layer(moved.slice(1), new Set(["s4"]))))).toBe(0);
});

test("an outline that runs over itself is shown as it is counted, by even and odd", () => {
  const hourglass = { ...boxShape("h", "polygon", "pore", [0, 0, 9, 9]) };
  const { container } = render(layer([hourglass]));
  expect(container.querySelector("polygon")).toHaveAttribute("fill-rule", "evenodd");
});
