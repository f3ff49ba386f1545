/** Somebody who is signed in, as the tabs of a browser know it. */
const STORE = "loupe.session";

export function keepSession(accessToken = "token", role?: string): void {
  const expiresAt = Date.now() + 3_600_000;
  localStorage.setItem(STORE, JSON.stringify({ tenant: "default", accessToken, expiresAt, role }));
}

/** The browser's word that another tab has changed what the tabs share. */
export function otherTabSpoke(): void {
  window.dispatchEvent(new StorageEvent("storage", { key: STORE }));
}
