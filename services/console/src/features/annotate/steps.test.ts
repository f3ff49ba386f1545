import { expect, test } from "vitest";
import { image } from "../../testing/builders";
import { inSight, nextAfter, nextOpen } from "./steps";

const IMAGES = ["labelled", "unlabelled", "labelled", "unlabelled"].map((status, place) =>
  image({ id: String(place), status: status as "labelled" | "unlabelled" }),
);
const open = ({ status }: { status: string }) => status === "unlabelled";

test("the next unprocessed image comes after this one, else before it, never itself", () => {
  expect(nextOpen(IMAGES, 1, open)?.id).toBe("3");
  expect(nextOpen(IMAGES, 3, open)?.id).toBe("1");
  expect(nextOpen(IMAGES, -1, open)?.id).toBe("1");
  expect(nextOpen(IMAGES.slice(0, 2), 1, open)).toBeNull();
});

test("of a ranking the next open one follows, from its end the first again, never itself", () => {
  const but = (...closed: string[]) => (id: string) => !closed.includes(id);
  expect(nextAfter(["a", "b", "c"], "a", but())).toBe("b");
  expect(nextAfter(["a", "b", "c"], "a", but("b"))).toBe("c");
  expect(nextAfter(["a", "b", "c"], "c", but())).toBe("a");
  expect(nextAfter(["a", "b", "c"], "elsewhere", but("a"))).toBe("b");
  expect(nextAfter(["a", "b"], "a", but("b"))).toBeNull();
  expect(nextAfter([], "a", but())).toBeNull();
});

test("of ten thousand images only those in sight are drawn", () => {
  expect(inSight(0, 800, 80, 10_000)).toEqual([0, 16]);
  expect(inSight(80_000, 800, 80, 10_000)).toEqual([994, 1016]);
  expect(inSight(0, 800, 80, 3)).toEqual([0, 3]);
});
