/**
 * Ids made in the browser: idempotency keys, new shapes. `crypto.randomUUID` exists only on https and
 * localhost; a platform on the shop floor is often plain http, where `getRandomValues` is all there is.
 */
const BYTES = 16;

/** 32 hexadecimal digits, 128 random bits. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
