/**
 * Server-sent events over fetch. The browser's EventSource cannot send an Authorization header, so the
 * stream is read by hand; the format is that of the HTML standard, section 9.2.
 */
import { problemOf } from "./problem";
import { accessToken, readersLanguage } from "./session";

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Splits a growing text into events; feed it chunks in order, cut anywhere. */
export class EventParser {
  private rest = "";

  push(chunk: string): ServerEvent[] {
    const text = this.rest + chunk;
    // A carriage return at the very end may be half of a CRLF whose other half is still to come.
    const held = text.endsWith("\r") ? "\r" : "";
    const blocks = text
      .slice(0, text.length - held.length)
      .replace(/\r\n?/g, "\n")
      .split("\n\n");
    this.rest = (blocks.pop() ?? "") + held;
    return blocks.flatMap((block) => {
      const event = EventParser.parse(block);
      return event === null ? [] : [event];
    });
  }

  private static parse(block: string): ServerEvent | null {
    let event = "message";
    const data: string[] = [];
    for (const line of block.split("\n")) {
      const [name, ...rest] = line.split(":");
      const value = rest.join(":").replace(/^ /, "");
      if (name === "event") event = value;
      if (name === "data") data.push(value);
    }
    return data.length === 0 ? null : { event, data: data.join("\n") };
  }
}

/** Call `onEvent` for every event of `path` until the stream ends or `signal` aborts. */
export async function readEvents(
  path: string,
  onEvent: (event: ServerEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const token = await accessToken();
  const response = await fetch(path, {
    headers: {
      Accept: "text/event-stream",
      Authorization: `Bearer ${token ?? ""}`,
      "Accept-Language": readersLanguage(),
    },
    signal,
  });
  if (!response.ok || response.body === null) throw await problemOf(response);
  const parser = new EventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const event of parser.push(value)) onEvent(event);
  }
}
