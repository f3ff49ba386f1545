import { expect, test } from "vitest";
import { worthAnotherTry } from "./resumable";

test("a break, a busy server and the end of a session are worth another try, a refusal is not", () => {
  expect(worthAnotherTry(undefined)).toBe(true);
  expect(worthAnotherTry(503)).toBe(true);
  expect(worthAnotherTry(409)).toBe(true);
  expect(worthAnotherTry(408)).toBe(true);
  expect(worthAnotherTry(401)).toBe(true);
  expect(worthAnotherTry(422)).toBe(false);
});
