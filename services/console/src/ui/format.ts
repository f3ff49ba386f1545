/** How numbers, sizes and times are written, the same on every screen. */

/** "95.9 %"-like share of a value in [0, 1]; an em dash where there is none. */
export function percent(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined || Number.isNaN(value)
    ? "—"
    : `${(value * 100).toFixed(digits)}%`;
}

interface Ends {
  readonly low: number | null;
  readonly high: number | null;
}

/** "83.1–93.9%" for an interval of a share; empty where there is none. */
export function range(interval: Ends | undefined): string {
  return between(interval, (value) => (value * 100).toFixed(1), "%");
}

/** "0.882–0.951" for an interval of a figure that is no percentage; empty where there is none. */
export function decimalRange(interval: Ends | undefined): string {
  return between(interval, (value) => value.toFixed(3), "");
}

function between(interval: Ends | undefined, write: (value: number) => string, unit: string): string {
  if (interval === undefined || interval.low === null || interval.high === null) return "";
  return `${write(interval.low)}–${write(interval.high)}${unit}`;
}

export function decimal(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined || Number.isNaN(value) ? "—" : value.toFixed(digits);
}

/** Local wall-clock time of an RFC 3339 instant. */
export function time(instant: string | null | undefined): string {
  if (instant === null || instant === undefined || instant === "") return "—";
  const at = new Date(instant);
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Local time of day of an instant in milliseconds, to the minute. */
export function clockTime(instant: number): string {
  const at = new Date(instant);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** "1:05" or "1:02:03" for a time that is left. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const tail = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

function two(part: number): string {
  return String(part).padStart(2, "0");
}

const UNITS = ["B", "kB", "MB", "GB"] as const;

/** Steps of a thousand, as the limits of an upload count them. */
const UNIT_STEP = 1000;

export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= UNIT_STEP && unit < UNITS.length - 1) {
    value /= UNIT_STEP;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

export function resolution(width: number, height: number): string {
  return `${width} × ${height}`;
}
