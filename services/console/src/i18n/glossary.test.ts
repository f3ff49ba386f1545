import { expect, test } from "vitest";
import { zhCN } from "./zh-CN";

/** One thing has one word in zh-CN; the others that were in use for it. */
const GLOSSARY: Readonly<Record<string, readonly string[]>> = {
  图像: ["图片", "照片"],
  误检: ["误识别", "误报"],
  漏检: ["漏识别", "未检出", "漏报"],
  检测阈值: ["检出阈值", "识别阈值"],
  检出率: ["识别率", "检测率"],
  标签: ["类别"],
};

/** Every text of a catalogue under its name; of a function, the texts it is made of. */
function texts(words: unknown, name: string): [string, string][] {
  if (typeof words === "string") return [[name, words]];
  if (typeof words === "function") return [[name, (words as () => string).toString()]];
  return Object.entries(words as object).flatMap(([key, value]) => texts(value, `${name}.${key}`));
}

test.each(Object.entries(GLOSSARY))("%s has no other name", (word, others) => {
  const found = texts(zhCN, "zh-CN");
  expect(found.some(([, text]) => text.includes(word))).toBe(true);
  for (const other of others) {
    expect(found.filter(([, text]) => text.includes(other)).map(([name]) => `${name}: ${other}`)).toEqual([]);
  }
});
