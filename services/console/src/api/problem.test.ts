import { expect, test } from "vitest";
import { asProblem, problemFrom } from "./problem";

test("a problem keeps its code, detail and fields", () => {
  const problem = problemFrom(409, {
    type: "urn:loupe:problem:already-exists",
    title: "It exists already",
    status: 409,
    detail: "a project named 'pins' exists",
    errors: [{ field: "name", message: "is taken" }],
  });
  expect(problem).toMatchObject({
    code: "already-exists",
    status: 409,
    detail: "a project named 'pins' exists",
    fields: [{ field: "name", message: "is taken" }],
  });
});

test.each([
  ["a proxy's page", "<html>"],
  ["nothing", null],
  ["fields of another shape", { errors: [1, { field: 2 }, null] }],
])("%s still becomes a problem of that status", (_, body) => {
  expect(problemFrom(502, body)).toMatchObject({ status: 502, title: "HTTP 502", fields: [] });
});

test("a fetch that failed means that the platform cannot be reached", () => {
  expect(asProblem(new TypeError("Failed to fetch")).code).toBe("unreachable");
  expect(asProblem(new Error("boom"))).toMatchObject({ code: "unexpected", detail: "boom" });
});
