// Writes src/api/generated/<service>.ts from the OpenAPI documents the services publish, so that a
// change of a contract is a type error here before it is a broken screen; and facts.ts from what they
// publish of tasks and limits, so that no screen keeps a copy.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const consoleRoot = join(dirname(fileURLToPath(import.meta.url)), "..");
const published =
  process.env.LOUPE_CONTRACTS ?? join(consoleRoot, "../../shared/contracts/published");
const target = join(consoleRoot, "src/api/generated");

if (!existsSync(published)) {
  console.error(`No contracts in ${published}: run \`make contracts\` first.`);
  process.exit(1);
}
await mkdir(target, { recursive: true });
const openapi = join(published, "openapi");
for (const file of (await readdir(openapi)).filter((name) => name.endsWith(".json")).sort()) {
  const ast = await openapiTS(pathToFileURL(join(openapi, file)));
  await put(file.replace(/\.json$/, ".ts"), astToString(ast));
}
const facts = (await readFile(join(published, "facts.json"), "utf8")).trim();
await put("facts.ts", `export const FACTS = ${facts} as const;\n`);

// A file that stays as it is keeps its time, so that make does not build again.
async function put(name, text) {
  const path = join(target, name);
  const before = existsSync(path) ? await readFile(path, "utf8") : "";
  if (text !== before) await writeFile(path, text);
}
