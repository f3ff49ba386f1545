import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";

/**
 * What the page may load. Styles are inline because Ant Design and ECharts write style elements at
 * run time; scripts never are, and nothing is evaluated from a string.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

/** The development server needs inline scripts for hot reload, so the policy is built in only. */
function contentSecurityPolicy(): Plugin {
  return {
    name: "content-security-policy",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        injectTo: "head-prepend",
        attrs: { "http-equiv": "Content-Security-Policy", content: CONTENT_SECURITY_POLICY },
      },
    ],
  };
}

export default defineConfig(({ mode }) => {
  const { LOUPE_ADDRESS = "http://127.0.0.1:8080" } = loadEnv(mode, ".", "LOUPE_");
  return {
    plugins: [react(), contentSecurityPolicy()],
    build: { chunkSizeWarningLimit: 1500 },
    server: { proxy: { "/api": LOUPE_ADDRESS } },
  };
});
