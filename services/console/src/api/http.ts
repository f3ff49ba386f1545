/** Every request of the console goes through here: credential, problem+json, query strings. */
import { problemFrom, problemOf } from "./problem";
import { accessToken, signOut } from "./session";

type QueryValue = string | number | boolean | null | undefined;

export interface RequestOptions {
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly json?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export function withQuery(path: string, query: RequestOptions["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const token = await accessToken();
  const headers = new Headers(options.headers);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  if (options.json !== undefined) headers.set("Content-Type", "application/json");
  const response = await fetch(withQuery(path, options.query), {
    method,
    headers,
    body: options.form ?? (options.json === undefined ? null : JSON.stringify(options.json)),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (response.status === 401) signOut();
  if (!response.ok) throw await problemOf(response);
  return response;
}

// The caller names the type that the contract promises for the path; nothing here can check it.
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export async function fetchBlob(path: string, signal?: AbortSignal): Promise<Blob> {
  const response = await send("GET", path, signal === undefined ? {} : { signal });
  return response.blob();
}

/** POST a form and hear how much of it has gone out, in [0, 1]; fetch cannot tell that. */
export async function upload(
  path: string,
  form: FormData,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<unknown> {
  const token = await accessToken();
  return new Promise((resolve, reject) => {
    const transfer = new XMLHttpRequest();
    transfer.open("POST", path);
    if (token !== null) transfer.setRequestHeader("Authorization", `Bearer ${token}`);
    transfer.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    transfer.onerror = () => reject(new TypeError("network"));
    transfer.onabort = () => reject(new DOMException("aborted", "AbortError"));
    transfer.onload = () => {
      const body = parsed(transfer.responseText);
      if (transfer.status >= 200 && transfer.status < 300) resolve(body);
      else reject(problemFrom(transfer.status, body));
    };
    signal.addEventListener("abort", () => transfer.abort(), { once: true });
    transfer.send(form);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
