/** What every test stands on; screens also get a browser's page and a signed-in person. */
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { keepSession } from "./session";

// A canvas cannot be drawn on here: charts are looked at in tests/browser.
vi.mock("echarts/core", () => ({
  use: () => undefined,
  init: () => ({ setOption: () => undefined, resize: () => undefined, dispose: () => undefined }),
}));

/**
 * Of the rules of a style sheet, keep those that say what of interest is: what can be seen, clicked or read.
 * Each rule is matched with each element again whenever the page changes, and antd writes thousands.
 */
function keepOnly(interest: RegExp): void {
  const sheets: { replaceSync: (this: CSSStyleSheet, text: string) => void } = window.CSSStyleSheet.prototype;
  const replaced = sheets.replaceSync;
  sheets.replaceSync = function (this: CSSStyleSheet, text: string) {
    replaced.call(this, text);
    for (let at = this.cssRules.length - 1; at >= 0; at--) {
      if (!interest.test(this.cssRules[at]?.cssText ?? "")) this.deleteRule(at);
    }
  };
}

if (typeof window !== "undefined") {
  // Nobody waits for animations: the page is told that its reader wants none.
  const matches = window.matchMedia.bind(window);
  window.matchMedia = (query) =>
    matches(query.includes("prefers-reduced-motion") ? "all" : query);
  keepOnly(/[{;\s](display|visibility|opacity|pointer-events|content)\s*:/);
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
