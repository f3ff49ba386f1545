// @vitest-environment happy-dom
import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { nextChannel, PLAIN, seenLook } from "./desk";
import { filterOf, isToned, Tones } from "./Tones";

test("a picture as it came needs no filter of its own", () => {
  expect(isToned(PLAIN)).toBe(false);
  expect(filterOf(PLAIN, "t")).toBe("brightness(100%) contrast(100%)");
});

test("one channel is shown in greys, and gamma lifts what is dark", () => {
  const light = { ...PLAIN, gamma: 200, channel: "green" } as const;
  expect(filterOf(light, "t")).toBe("url(#t) brightness(100%) contrast(100%)");
  const { container } = render(
    <svg>
      <Tones id="t" light={light} />
    </svg>,
  );
  const rows = container.querySelector("feColorMatrix")?.getAttribute("values");
  expect(rows).toBe("0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 0 0 1 0");
  const bends = [...container.querySelectorAll("[exponent]")].map((one) => one.getAttribute("exponent"));
  expect(bends).toEqual(["0.5", "0.5", "0.5"]);
});

test("the original shows neither light nor objects, and comes back to what was set", () => {
  const look = { ...PLAIN, brightness: 150, channel: "red", original: true } as const;
  expect(seenLook(look)).toMatchObject({ brightness: 100, channel: "all", marks: false });
  expect(seenLook({ ...look, original: false })).toMatchObject({ brightness: 150, channel: "red", marks: true });
  expect(nextChannel("blue")).toBe("all");
});
