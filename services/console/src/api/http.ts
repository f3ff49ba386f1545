/** Every request of the console goes through here: credential, problem+json, progress of uploads. */
import { problemFrom, problemOf } from "./problem";
import { accessToken, signOut } from "./session";

/** `fetch` with the credential; an answer that is not a success is thrown as its Problem. */
export async function authorisedFetch(request: Request): Promise<Response> {
  const token = await accessToken();
  if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
  const response = await fetch(request);
  if (response.status === 401) signOut();
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The body of a generated client's answer; `authorisedFetch` has thrown where there is none. */
export async function body<T>(call: Promise<{ readonly data?: T }>): Promise<T> {
  const { data } = await call;
  if (data === undefined) throw new TypeError("the answer has no body");
  return data;
}

export async function fetchBlob(path: string, signal?: AbortSignal): Promise<Blob> {
  const response = await authorisedFetch(new Request(path, signal === undefined ? {} : { signal }));
  return response.blob();
}

/** Fetch a file with the credential and hand it to the browser's downloads. */
export async function saveFile(path: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await fetchBlob(path));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** What an upload tells on its way, and what stops it. */
export interface Transfer {
  /** The share of the bytes that has gone out, in [0, 1]. */
  readonly onProgress: (share: number) => void;
  /** The connection broke; the upload goes on by itself. */
  readonly onBroken: () => void;
  readonly signal: AbortSignal;
}

/** POST a form and hear how much of it has gone out; fetch cannot tell that. */
export async function upload(
  path: string,
  form: FormData,
  { onProgress, signal }: Pick<Transfer, "onProgress" | "signal">,
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

/** JSON, or null where the text is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
