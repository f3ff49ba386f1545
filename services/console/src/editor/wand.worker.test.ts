import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { columnsOfRuns } from "./flood";
import type { Asked, Found } from "./wand";

type Listener = (event: { readonly data: Asked }) => void;

const posted = vi.fn<(found: Found) => void>();
let ask: (asked: Asked) => void;

beforeEach(async () => {
  const heard: Listener[] = [];
  vi.stubGlobal("addEventListener", (_: string, listener: Listener) => heard.push(listener));
  vi.stubGlobal("postMessage", posted);
  await import("./wand.worker");
  expect(heard).toHaveLength(1);
  ask = (data) => heard[0]?.({ data });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
  posted.mockReset();
});

/** A dark picture with a bright block of three by three pixels, whose first one lies at [1, 2]. */
function bitmap(): ImageBitmap {
  const [width, height] = [7, 6];
  const data = new Uint8ClampedArray(width * height * 4);
  for (const x of [1, 2, 3]) for (const y of [2, 3, 4]) data.fill(200, (y * width + x) * 4, (y * width + x) * 4 + 4);
  const context = { drawImage: vi.fn(), getImageData: () => ({ data }) };
  vi.stubGlobal("OffscreenCanvas", class {
    getContext = () => context;
  });
  return { width, height, close: vi.fn() };
}

test("a question about a picture that could not be read is refused, not left without an answer", () => {
  expect(() => ask({ do: "find", seed: [1, 1], tolerance: 10 })).toThrow("could not be read");
});

test("what is found in a part of a picture lies where it is in the whole", () => {
  ask({ do: "see", bitmap: bitmap(), left: 500, top: 4000 });
  ask({ do: "find", seed: [502.5, 4003.5], tolerance: 10 });
  const [found] = posted.mock.calls[0] ?? [];
  const columns = [...columnsOfRuns(found?.runs ?? new Int32Array())].sort(([a], [b]) => a - b);
  expect(columns).toEqual([500 + 1, 500 + 2, 500 + 3].map((column) => [column, [[4002, 4005]]]));
});
