/**
 * Who is signed in. The short-lived access token is shared by the browser's tabs (localStorage); the API
 * key stays with the tab it was typed into (sessionStorage) and goes when that tab closes, so that
 * tokens can be renewed, a reload signs nobody out and a shared workstation keeps no key.
 *
 * A session that ends is not a person who leaves: a tab that has the key asks for another token, and where
 * that is refused the page stays, and `ended` tells it to ask for the key. Only `signOut` leaves, in every
 * tab at once.
 */
import type { components } from "./generated/workspace";
import { Problem, problemOf } from "./problem";
import { takeBack } from "./revocation";

type TokenResponse = components["schemas"]["TokenResponse"];

export interface Session {
  readonly tenant: string;
  /** What people call the tenant; empty in a session that an older console kept. */
  readonly tenantName: string;
  /** What the key may do; null in a session that an older console kept. */
  readonly role: TokenResponse["role"] | null;
  readonly accessToken: string;
  readonly expiresAt: number;
}

export interface Standing {
  /** Nobody is signed in where there is none. */
  readonly session: Session | null;
  /** The platform does not take the session any more; what is on the screen waits for the next one. */
  readonly ended: boolean;
}

const TOKEN_STORE = "loupe.session";
const KEY_STORE = "loupe.key";
/** A token is renewed this long before it ends, so that no request goes out with a dying one. */
const RENEW_BEFORE_MS = 60_000;

let current: Standing = { session: restore(), ended: false };
let renewal: Promise<void> | null = null;
const listeners = new Set<() => void>();

function stored(): Session | null {
  try {
    const value = JSON.parse(localStorage.getItem(TOKEN_STORE) ?? "null") as Partial<Session> | null;
    if (typeof value?.accessToken !== "string" || typeof value.expiresAt !== "number") return null;
    return {
      tenant: value.tenant ?? "",
      tenantName: value.tenantName ?? "",
      role: value.role ?? null,
      accessToken: value.accessToken,
      expiresAt: value.expiresAt,
    };
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

function announce(standing: Standing): void {
  current = standing;
  for (const listener of listeners) listener();
}

function begin(session: Session): void {
  localStorage.setItem(TOKEN_STORE, JSON.stringify(session));
  announce({ session, ended: false });
}

/** The language that the reader chose, in which problems and reports are to come. */
export function readersLanguage(): string {
  return document.documentElement.lang;
}

async function requestToken(key: string): Promise<Session> {
  const response = await fetch("/api/workspace/tokens", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": readersLanguage() },
    body: JSON.stringify({ api_key: key }),
  });
  if (!response.ok) throw await problemOf(response);
  const token = (await response.json()) as TokenResponse;
  return {
    tenant: token.tenant,
    tenantName: token.tenant_name,
    role: token.role,
    accessToken: token.access_token,
    expiresAt: Date.now() + token.expires_in * 1000,
  };
}

/** Another tab signed in or renewed: this one goes on with its token. Another tab left: so does this one. */
function onStorage({ key }: StorageEvent): void {
  if (key !== TOKEN_STORE) return;
  const found = stored();
  if (found === null) sessionStorage.removeItem(KEY_STORE);
  announce({ session: found, ended: false });
}

/** Hear of every sign-in, renewal, end and sign-out, those of other tabs included. */
export function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener("storage", onStorage);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("storage", onStorage);
  };
}

export function standing(): Standing {
  return current;
}

/** Which of the people of this browser is signed in, as the token says it: a name for what is kept for them, and no proof. */
export function person(): string {
  try {
    const [, claims = ""] = (current.session?.accessToken ?? "").split(".");
    const { sub } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))) as { readonly sub?: unknown };
    return typeof sub === "string" ? sub : "";
  } catch {
    return "";
  }
}

/** Exchange an API key for a token; throws the server's Problem where the key is refused. */
export async function signIn(key: string): Promise<void> {
  const granted = await requestToken(key.trim());
  sessionStorage.setItem(KEY_STORE, key.trim());
  begin(granted);
}

/** Leave, in every tab, and at once: the token is taken back behind the page, if the platform answers. */
export function signOut(): void {
  const { session, ended } = current;
  sessionStorage.removeItem(KEY_STORE);
  localStorage.removeItem(TOKEN_STORE);
  announce({ session: null, ended: false });
  if (session !== null && !ended) void takeBack(session.accessToken);
}

/**
 * The platform has refused this token. Another tab may have a newer one already, which is taken; otherwise a
 * tab that has the key is to ask for one, and any other asks the reader. What other tabs share is left
 * alone: they may be able to renew it.
 */
export function refused(token: string | null): void {
  const { session } = current;
  if (session === null || (token !== null && token !== session.accessToken)) return;
  const shared = stored();
  if (shared !== null && shared.accessToken !== session.accessToken && shared.expiresAt > Date.now()) {
    announce({ session: shared, ended: false });
  } else if (apiKey() !== null) announce({ session: { ...session, expiresAt: 0 }, ended: false });
  else announce({ session, ended: true });
}

/** Resolves at once, or when somebody has signed in again (or left) after the session's end. */
function goesOn(): Promise<void> {
  if (!current.ended) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = subscribe(() => {
      if (current.ended) return;
      stop();
      resolve();
    });
  });
}

/** Whether a key signs nobody in any more, or not while its tenant is suspended. */
function isEnd(error: unknown): boolean {
  return error instanceof Problem && (error.status === 401 || error.code === "tenant-suspended");
}

/** Get another token for the key of this tab, unless its reader leaves meanwhile. */
async function renew(key: string): Promise<void> {
  try {
    const renewed = await requestToken(key);
    if (apiKey() === key) begin(renewed);
    else void takeBack(renewed.accessToken);
  } catch (error) {
    if (!isEnd(error)) throw error;
    if (apiKey() !== key) return;
    // That is an end, and no reason to throw the page away.
    sessionStorage.removeItem(KEY_STORE);
    refused(null);
  }
}

/**
 * The token to send now, renewed where it is about to end; null when nobody is signed in. After the end of
 * a session it comes with the next sign-in: until then every request waits, and none is lost.
 */
export async function accessToken(): Promise<string | null> {
  await goesOn();
  const key = apiKey();
  const { session } = current;
  if (session === null) return null;
  if (key === null || session.expiresAt - Date.now() > RENEW_BEFORE_MS) return session.accessToken;
  renewal ??= renew(key).finally(() => {
    renewal = null;
  });
  await renewal;
  return current.ended ? accessToken() : (current.session?.accessToken ?? null);
}
