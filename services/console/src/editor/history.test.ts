import { expect, test } from "vitest";
import { begun, redone, stepped, throughout, undone } from "./history";

test("what was done can be taken back and made again, step by step", () => {
  const three = stepped(stepped(begun("a"), "b"), "c");
  expect(undone(three).present).toBe("b");
  expect(undone(undone(three)).present).toBe("a");
  expect(redone(undone(three))).toEqual(three);
});

test("a new step forgets what was taken back", () => {
  const other = stepped(undone(stepped(begun("a"), "b")), "c");
  expect(redone(other)).toEqual(other);
  expect(other.past).toEqual(["a"]);
});

test("nothing lies before the first step and after the last", () => {
  expect(undone(begun("a"))).toEqual(begun("a"));
  expect(redone(begun("a"))).toEqual(begun("a"));
});

test("a step that changes nothing is none", () => {
  const one = begun({});
  expect(stepped(one, one.present)).toBe(one);
});

test("there is no last step that can be taken back", () => {
  let history = begun(0);
  for (let step = 1; step <= 1000; step += 1) history = stepped(history, step);
  for (let step = 1; step <= 1000; step += 1) history = undone(history);
  expect(history.present).toBe(0);
});

test("what came from elsewhere is in every step", () => {
  const two = undone(stepped(stepped(begun("a"), "b"), "c"));
  const all = throughout(two, (step) => `${step}!`);
  expect([all.past, all.present, all.future]).toEqual([["a!"], "b!", ["c!"]]);
});
