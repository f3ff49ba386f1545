import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test("a question about a picture that could not be read is refused, not left without an answer", async () => {
  const heard: ((event: { data: unknown }) => void)[] = [];
  vi.stubGlobal("addEventListener", (_: string, listener: (event: { data: unknown }) => void) => heard.push(listener));
  await import("./wand.worker");
  expect(heard).toHaveLength(1);
  expect(() => heard[0]?.({ data: { do: "find", seed: [1, 1], tolerance: 10 } })).toThrow("could not be read");
});
