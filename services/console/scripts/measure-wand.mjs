// Times the magic wand on a picture of 12 megapixels, as its worker runs it: node scripts/measure-wand.mjs
import { createServer } from "vite";

const [WIDTH, HEIGHT] = [4000, 3000];
const ROUNDS = 15;

const server = await createServer({ server: { middlewareMode: true, ws: false }, appType: "custom", logLevel: "error" });
const { labOf } = await server.ssrLoadModule("/src/editor/lab.ts");
const { evenArea, flooded } = await server.ssrLoadModule("/src/editor/flood.ts");

/** Numbers in [0, 1), the same each time (Lehmer, MINSTD). */
let state = 20261127;
const chance = () => (state = (state * 48271) % 2147483647) / 2147483647;

/** Coloured metal with noise, a dark scratch across it and a round stain. */
function picture(noise) {
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const at = (y * WIDTH + x) * 4;
      const stain = Math.hypot(x - 2600, y - 1400) < 300;
      const scratch = Math.abs(y - 0.5 * x - 400) < 6;
      const base = scratch ? 60 : stain ? 120 : 168;
      const by = noise * (chance() - 0.5);
      rgba[at] = base + by;
      rgba[at + 1] = base + 4 + by;
      rgba[at + 2] = base + 9 + by;
      rgba[at + 3] = 255;
    }
  }
  return rgba;
}

function timed(rounds, run) {
  const times = Array.from({ length: rounds }, () => {
    // Time of the processor: what others do on the machine does not count.
    const before = process.cpuUsage();
    run();
    return process.cpuUsage(before).user / 1000;
  }).sort((a, b) => a - b);
  return `median ${times[rounds >> 1].toFixed(1)} ms, least ${times[0].toFixed(1)}, most ${times[rounds - 1].toFixed(1)}`;
}

for (const noise of [0, 12]) {
  const rgba = picture(noise);
  console.log(`noise of ${noise} grey levels, ${WIDTH} × ${HEIGHT}`);
  console.log(`  reading colours, once a picture: ${timed(5, () => labOf(rgba, WIDTH, HEIGHT))}`);
  const lab = labOf(rgba, WIDTH, HEIGHT);
  for (const [what, seed, tolerance] of [
    ["the whole ground", [100, 2900], 12],
    ["the ground, near its noise", [100, 2900], 3],
    ["all of the picture", [100, 2900], 100],
    ["the stain", [2600, 1450], 12],
    ["the scratch", [1000, 900], 12],
  ]) {
    const pixels = flooded(lab, seed, tolerance).reduce((sum, value, at) => sum + (at % 3 === 2 ? value : at % 3 === 1 ? -value : 0), 0);
    console.log(`  ${what} (${(pixels / 1e6).toFixed(2)} Mpx): ${timed(ROUNDS, () => flooded(lab, seed, tolerance))}`);
    console.log(`    with its holes closed: ${timed(ROUNDS, () => evenArea(lab, seed, tolerance))}`);
  }
}
await server.close();
