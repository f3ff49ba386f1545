import { expect, test } from "vitest";
import { worthAnotherTry } from "./resumable";

test("a break and a busy server are worth another try, a refusal is not", () => {
  expect(worthAnotherTry(undefined)).toBe(true);
  expect(worthAnotherTry(503)).toBe(true);
  expect(worthAnotherTry(409)).toBe(true);
  expect(worthAnotherTry(408)).toBe(true);
  expect(worthAnotherTry(401)).toBe(false);
  expect(worthAnotherTry(422)).toBe(false);
});
