/** Every request of the console goes through here: credential, problem+json, progress of uploads. */
import { heard, unheard } from "./connection";
import { Problem, problemFrom, problemOf } from "./problem";
import { accessToken, readersLanguage, refused } from "./session";

/**
 * `fetch` with the credential; an answer that is not a success is thrown as its Problem. A request that
 * meets the end of the session is sent once more with the next one.
 */
export async function authorisedFetch(request: Request): Promise<Response> {
  const token = await accessToken();
  const again = request.clone();
  const first = await send(request, token);
  const response = first.status === 401 && token !== null ? await resend(again, token) : first;
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function resend(request: Request, refusedToken: string): Promise<Response> {
  refused(refusedToken);
  return send(request, await accessToken());
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
  request.headers.set("Accept-Language", readersLanguage());
  try {
    const response = await fetch(request);
    heard();
    return response;
  } catch (error) {
    if (!request.signal.aborted) unheard();
    throw error;
  }
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

type Sent = Pick<Transfer, "onProgress" | "signal">;

/** POST a form and hear how much of it has gone out; fetch cannot tell that. */
export async function upload(path: string, form: FormData, sent: Sent): Promise<unknown> {
  const token = await accessToken();
  try {
    return await uploadOnce(path, form, token, sent);
  } catch (error) {
    if (token === null || !(error instanceof Problem) || error.status !== 401) throw error;
    refused(token);
    return uploadOnce(path, form, await accessToken(), sent);
  }
}

function uploadOnce(
  path: string,
  form: FormData,
  token: string | null,
  { onProgress, signal }: Sent,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const transfer = new XMLHttpRequest();
    transfer.open("POST", path);
    if (token !== null) transfer.setRequestHeader("Authorization", `Bearer ${token}`);
    transfer.setRequestHeader("Accept-Language", readersLanguage());
    transfer.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    transfer.onerror = () => {
      unheard();
      reject(new TypeError("network"));
    };
    transfer.onabort = () => reject(new DOMException("aborted", "AbortError"));
    transfer.onload = () => {
      heard();
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
