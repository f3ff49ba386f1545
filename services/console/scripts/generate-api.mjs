// Writes src/api/generated/<service>.ts from the OpenAPI documents the services publish, so that a
// change of a contract is a type error here before it is a broken screen.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const consoleRoot = join(dirname(fileURLToPath(import.meta.url)), "..");
const published =
  process.env.LOUPE_OPENAPI ?? join(consoleRoot, "../../shared/contracts/published/openapi");
const target = join(consoleRoot, "src/api/generated");

if (!existsSync(published)) {
  console.error(`No OpenAPI documents in ${published}: run \`make contracts\` first.`);
  process.exit(1);
}
await mkdir(target, { recursive: true });
for (const file of (await readdir(published)).filter((name) => name.endsWith(".json")).sort()) {
  const ast = await openapiTS(pathToFileURL(join(published, file)));
  const text = astToString(ast);
  const path = join(target, file.replace(/\.json$/, ".ts"));
  // A file that stays as it is keeps its time, so that make does not build again.
  const before = existsSync(path) ? await readFile(path, "utf8") : "";
  if (text !== before) await writeFile(path, text);
}
