/** Runs beside the page: looking for pixels of one colour must not hold up the pointer. */
import { evenArea } from "./flood";
import { labOf, type Lab } from "./lab";
import type { Asked, Found } from "./wand";

let seen: { readonly lab: Lab; readonly left: number; readonly top: number } | null = null;

function read(bitmap: ImageBitmap): Lab {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("no canvas to read a picture with");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return labOf(context.getImageData(0, 0, width, height).data, width, height);
}

addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  if (data.do === "see") {
    // Where the new part cannot be read, the former one must not answer for it.
    seen = null;
    seen = { lab: read(data.bitmap), left: data.left, top: data.top };
    return;
  }
  // Whoever asked hears of it: an answer that never comes would hold up every later question.
  if (seen === null) throw new Error("the picture could not be read");
  const { lab, left, top } = seen;
  const runs = evenArea(lab, [data.seed[0] - left, data.seed[1] - top], data.tolerance);
  for (let at = 0; at < runs.length; at += 3) {
    runs[at] = (runs[at] ?? 0) + left;
    runs[at + 1] = (runs[at + 1] ?? 0) + top;
    runs[at + 2] = (runs[at + 2] ?? 0) + top;
  }
  const found: Found = { runs };
  postMessage(found, { transfer: [runs.buffer] });
});
