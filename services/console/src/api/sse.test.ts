import { expect, test } from "vitest";
import { EventParser } from "./sse";

const STREAM = 'event: progress\r\ndata: {"percent": 1}\r\n\r\n: ping\r\n\r\ndata: a\ndata: b\n\n';

test("every cut of the stream gives the same events", () => {
  const whole = new EventParser().push(STREAM);
  expect(whole).toEqual([
    { event: "progress", data: '{"percent": 1}' },
    { event: "message", data: "a\nb" },
  ]);
  for (let cut = 0; cut <= STREAM.length; cut += 1) {
    const parser = new EventParser();
    expect([...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))]).toEqual(whole);
  }
});

test("an event that is not finished waits for its end", () => {
  const parser = new EventParser();
  expect(parser.push("data: half")).toEqual([]);
  expect(parser.push("\n\n")).toEqual([{ event: "message", data: "half" }]);
});
