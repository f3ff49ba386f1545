import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import * as en from "../../i18n/en/editor";
import * as zh from "../../i18n/zh-CN/editor";
import { KEYS } from "../keys";
import { TOOL_NAMES, TOOLS } from "./table";

test.each(TOOL_NAMES)("the tool %s has a key that nobody else has, an icon, and a text of its own in both languages", (name) => {
  const { key, icon } = TOOLS[name];
  const having = Object.entries(KEYS).filter(([, chords]) => chords.includes(key));
  expect(having).toEqual([[`tool ${name}`, [key]]]);
  expect(icon).toBeTruthy();
  for (const { editor } of [en, zh]) {
    const text = editor.actions[`tool ${name}`];
    expect(text).not.toBe("");
    expect(Object.values(editor.actions).filter((other) => other === text)).toHaveLength(1);
  }
  expect(zh.editor.actions[`tool ${name}`]).toMatch(/\p{Script=Han}/u);
});

test("each tool is a file of this folder, and no tool there is missing in the table", () => {
  const SHARED = ["boxes", "glyph", "rings", "strokes"];
  const files = readdirSync(import.meta.dirname).flatMap((file) => /^(\w+)\.tsx$/.exec(file)?.[1] ?? []);
  const named = TOOL_NAMES.map((name) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
  expect(files.filter((file) => !SHARED.includes(file)).sort()).toEqual(named.sort());
});
