import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { loadEnv, type Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** What a browser takes compressed anyway is compressed once, at its best, when it is built. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle: ({ dir = "dist" }, bundle) => {
      for (const name of Object.keys(bundle).filter((one) => /\.(js|css|svg)$/.test(one))) {
        const path = join(dir, name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig(({ mode }) => {
  const { LOUPE_ADDRESS = "http://127.0.0.1:8080" } = loadEnv(mode, ".", "LOUPE_");
  return {
    plugins: [react(), compressed()],
    build: { chunkSizeWarningLimit: 1500 },
    test: { setupFiles: ["src/testing/setup.ts"], testTimeout: 60_000 },
    server: { proxy: { "/api": LOUPE_ADDRESS } },
  };
});
