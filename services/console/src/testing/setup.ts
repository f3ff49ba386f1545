/** What every test stands on; screens also get a browser's page and a signed-in person. */
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { keepSession } from "./session";

// A canvas cannot be drawn on here: charts are looked at in tests/browser.
vi.mock("echarts/core", () => ({
  use: () => undefined,
  init: () => ({ setOption: () => undefined, resize: () => undefined, dispose: () => undefined }),
}));

if (typeof window !== "undefined") {
  // Nobody waits for animations: the page is told that its reader wants none.
  const matches = window.matchMedia.bind(window);
  window.matchMedia = (query) =>
    matches(query.includes("prefers-reduced-motion") ? "all" : query);
  keepSession();
  const [{ cleanup, configure }, { server }] = await Promise.all([
    import("@testing-library/react"),
    import("./platform"),
    import("@testing-library/jest-dom/vitest"),
  ]);
  // Waits end with what they wait for; the limit is for machines that others keep busy.
  configure({ asyncUtilTimeout: 20_000 });
  beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
  beforeEach(() => {
    window.history.replaceState(null, "", "/");
  });
  afterEach(() => {
    cleanup();
    server.resetHandlers();
  });
  afterAll(() => server.close());
}
