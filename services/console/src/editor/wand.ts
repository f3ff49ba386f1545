/** The magic wand's worker, and what it has of the picture. */
import { columnsOfRuns } from "./flood";
import type { Box, Point, Size } from "./geometry";
import type { Columns } from "./masks";

export type Asked =
  | { readonly do: "see"; readonly bitmap: ImageBitmap; readonly left: number; readonly top: number }
  | { readonly do: "find"; readonly seed: Point; readonly tolerance: number };

export interface Found {
  /** In image pixels. */
  readonly runs: Int32Array<ArrayBuffer>;
}

/** Pixels that are looked at together; their colours take four bytes each. */
const MOST_PIXELS = 16_000_000;
/** Side of what is looked at of a larger picture. */
export const WINDOW_SIDE = 4000;

export function isWhole({ width, height }: Size): boolean {
  return width * height <= MOST_PIXELS;
}

/** What is looked at for a place: all of the picture, or of a larger one the surroundings. */
export function windowAbout([x, y]: Point, image: Size): Box {
  if (isWhole(image)) return [0, 0, image.width, image.height];
  // A long narrow picture gives of its length what it lacks in width.
  const width = Math.min(image.width, Math.max(WINDOW_SIDE, Math.floor(MOST_PIXELS / image.height)));
  const height = Math.min(image.height, Math.floor(MOST_PIXELS / width));
  const left = Math.round(Math.min(image.width - width, Math.max(0, x - width / 2)));
  const top = Math.round(Math.min(image.height - height, Math.max(0, y - height / 2)));
  return [left, top, left + width, top + height];
}

/** Whether a window serves for a place as well. */
export function holds([left, top, right, bottom]: Box, [x, y]: Point, image: Size): boolean {
  if (isWhole(image)) return true;
  // Near the window's edge there would be too little around the place.
  const margin = (side: number): number => side / 4;
  const far = (at: number, from: number, to: number, end: number): boolean =>
    (from === 0 || at - from >= margin(to - from)) && (to === end || to - at >= margin(to - from));
  return far(x, left, right, image.width) && far(y, top, bottom, image.height);
}

/** Finds areas of one colour on one picture. Of questions asked faster than they are answered only the last counts. */
export class Wand {
  readonly #image: Size;
  readonly #worker = new Worker(new URL("./wand.worker.ts", import.meta.url), { type: "module" });
  readonly #picture: Promise<HTMLImageElement>;
  #window: Box | null = null;
  #turn = 0;
  #line: Promise<unknown> = Promise.resolve();

  /** `url` is the picture at its own resolution. */
  constructor(url: string, image: Size) {
    this.#image = image;
    this.#picture = loaded(url);
    // Whoever asks is told; a wand that nobody uses fails quietly.
    this.#picture.catch(() => undefined);
    // What is whole is read before anybody asks: the first answer is as quick as the others.
    if (isWhole(image)) this.#line = this.#see([0, 0]).catch(() => null);
  }

  /** What has the colour of `seed` and hangs together with it; null where a later question has overtaken this one. */
  find(seed: Point, tolerance: number): Promise<Columns | null> {
    this.#turn += 1;
    const turn = this.#turn;
    const answer = this.#line.then(() => (turn === this.#turn ? this.#found(turn, seed, tolerance) : null));
    // The next question waits for this one, whatever becomes of it.
    this.#line = answer.catch(() => null);
    return answer;
  }

  close(): void {
    this.#worker.terminate();
  }

  async #found(turn: number, seed: Point, tolerance: number): Promise<Columns | null> {
    await this.#see(seed);
    const runs = await new Promise<Found["runs"]>((resolve, reject) => {
      const done = new AbortController();
      const { signal } = done;
      const onFound = ({ data }: MessageEvent<Found>): void => {
        done.abort();
        resolve(data.runs);
      };
      const onError = ({ message }: ErrorEvent): void => {
        done.abort();
        reject(new Error(message));
      };
      this.#worker.addEventListener("message", onFound, { signal });
      this.#worker.addEventListener("error", onError, { signal });
      this.#ask({ do: "find", seed, tolerance });
    });
    return turn === this.#turn ? columnsOfRuns(runs) : null;
  }

  async #see(seed: Point): Promise<void> {
    if (this.#window !== null && holds(this.#window, seed, this.#image)) return;
    const picture = await this.#picture;
    const window = windowAbout(seed, this.#image);
    const [left, top, right, bottom] = window;
    const bitmap = await createImageBitmap(picture, left, top, right - left, bottom - top);
    this.#window = window;
    this.#ask({ do: "see", bitmap, left, top }, [bitmap]);
  }

  #ask(asked: Asked, transfer: Transferable[] = []): void {
    this.#worker.postMessage(asked, transfer);
  }
}

async function loaded(url: string): Promise<HTMLImageElement> {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  return picture;
}
