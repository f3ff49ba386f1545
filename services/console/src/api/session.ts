/**
 * Who is signed in. The short-lived access token is shared by the browser's tabs (localStorage); the API
 * key stays with the tab it was typed into (sessionStorage) and goes when that tab closes, so that
 * tokens can be renewed, a reload signs nobody out and a shared workstation keeps no key.
 */
import { Problem, problemOf } from "./problem";

export interface Session {
  readonly accessToken: string;
  readonly expiresAt: number;
}

const TOKEN_STORE = "loupe.session";
const KEY_STORE = "loupe.key";
/** A token is renewed this long before it ends, so that no request goes out with a dying one. */
const RENEW_BEFORE_MS = 60_000;

let current: Session | null = restore();
let renewal: Promise<Session> | null = null;
const listeners = new Set<() => void>();

function stored(): Session | null {
  try {
    const value = JSON.parse(localStorage.getItem(TOKEN_STORE) ?? "null") as Partial<Session> | null;
    if (typeof value?.accessToken !== "string" || typeof value.expiresAt !== "number") return null;
    return { accessToken: value.accessToken, expiresAt: value.expiresAt };
  } catch {
    return null;
  }
}

/** A token that has ended still counts where this tab can renew it. */
function restore(): Session | null {
  const found = stored();
  const usable = found !== null && (found.expiresAt > Date.now() || apiKey() !== null);
  return usable ? found : null;
}

function apiKey(): string | null {
  return sessionStorage.getItem(KEY_STORE);
}

function announce(session: Session | null): void {
  current = session;
  for (const listener of listeners) listener();
}

function set(session: Session | null): void {
  if (session === null) localStorage.removeItem(TOKEN_STORE);
  else localStorage.setItem(TOKEN_STORE, JSON.stringify(session));
  announce(session);
}

async function requestToken(key: string): Promise<Session> {
  const response = await fetch("/api/workspace/tokens", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ api_key: key }),
  });
  if (!response.ok) throw await problemOf(response);
  const token = (await response.json()) as { access_token: string; expires_in: number };
  return { accessToken: token.access_token, expiresAt: Date.now() + token.expires_in * 1000 };
}

/** Hear of every sign-in, renewal and sign-out, those of other tabs included. */
export function subscribe(listener: () => void): () => void {
  const onStorage = ({ key }: StorageEvent): void => {
    if (key === TOKEN_STORE) announce(stored());
  };
  window.addEventListener("storage", onStorage);
  listeners.add(listener);
  return () => {
    window.removeEventListener("storage", onStorage);
    listeners.delete(listener);
  };
}

export function session(): Session | null {
  return current;
}

/** Exchange an API key for a token; throws the server's Problem where the key is refused. */
export async function signIn(key: string): Promise<void> {
  const granted = await requestToken(key.trim());
  sessionStorage.setItem(KEY_STORE, key.trim());
  set(granted);
}

export function signOut(): void {
  sessionStorage.removeItem(KEY_STORE);
  set(null);
}

/** The token to send now, renewed where it is about to end; null when nobody is signed in. */
export async function accessToken(): Promise<string | null> {
  const key = apiKey();
  if (current === null) return null;
  if (key === null || current.expiresAt - Date.now() > RENEW_BEFORE_MS) return current.accessToken;
  renewal ??= requestToken(key).finally(() => {
    renewal = null;
  });
  try {
    const renewed = await renewal;
    set(renewed);
    return renewed.accessToken;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) signOut();
    throw error;
  }
}
