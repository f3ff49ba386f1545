import { afterEach, expect, test, vi } from "vitest";
import { newId } from "./ids";

afterEach(() => vi.unstubAllGlobals());

test("an id needs no secure context and is not given twice", () => {
  // What a browser offers on http://192.168.0.7: no randomUUID, no subtle.
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const ids = new Set(Array.from({ length: 1000 }, newId));
  expect(ids.size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});
