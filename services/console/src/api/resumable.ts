/**
 * Uploads that go on where the network broke off: the tus protocol 1.0, as the gallery speaks it. The
 * address of an unfinished upload is kept by the browser, so that the same file chosen again, even after
 * a reload, goes on too; the gallery keeps its parts for 24 hours.
 */
import { DetailedError, Upload, type HttpResponse } from "tus-js-client";
import { authorisedFetch, parsed, type Transfer } from "./http";
import { problemFrom } from "./problem";
import { accessToken, refused } from "./session";

/** A part is lost at most when a proxy throws away what it has not passed on. */
const PART_BYTES = 8_000_000;
/** Tried again after so many milliseconds, from the first anew whenever a part has arrived. */
const RETRY_DELAYS_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000];

/** Send a file in parts to `path`; the answer to the last one is the result, as of a plain upload. */
export async function uploadResumably(path: string, file: File, transfer: Transfer): Promise<unknown> {
  const { onProgress, onBroken, signal } = transfer;
  const address = { url: "" };
  let token: string | null = null;
  const last = await new Promise<HttpResponse>((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: path,
      chunkSize: PART_BYTES,
      retryDelays: RETRY_DELAYS_MS,
      metadata: { filename: file.name },
      removeFingerprintOnSuccess: true,
      onBeforeRequest: async (request) => {
        token = await accessToken();
        if (token !== null) request.setHeader("Authorization", `Bearer ${token}`);
      },
      onAfterResponse: (_, response) => {
        if (response.getStatus() === 401) refused(token);
      },
      onShouldRetry: (error) => {
        const again = worthAnotherTry(error.originalResponse?.getStatus());
        if (again) onBroken();
        return again;
      },
      onProgress: (sent, total) => onProgress(total > 0 ? sent / total : 0),
      onSuccess: ({ lastResponse }) => {
        address.url = upload.url ?? "";
        resolve(lastResponse);
      },
      onError: (error) => reject(refusalOf(error)),
    });
    const stop = (): void => {
      void upload.abort();
      reject(new DOMException("aborted", "AbortError"));
    };
    signal.addEventListener("abort", stop, { once: true });
    void begin(upload, signal);
  });
  const body = parsed(last.getBody());
  return body ?? completed(address.url, file.size);
}

/** Go on with what an earlier try has left, if there is any. */
async function begin(upload: Upload, signal: AbortSignal): Promise<void> {
  const [earlier] = await upload.findPreviousUploads();
  if (signal.aborted) return;
  if (earlier !== undefined) upload.resumeFromPreviousUpload(earlier);
  upload.start();
}

/**
 * A missing answer may come yet, a slow part goes on, after 409 and 423 the true offset is asked for, and
 * after 401 the next try waits for the next session.
 */
export function worthAnotherTry(status: number | undefined): boolean {
  return status === undefined || [401, 408, 409, 423].includes(status) || status >= 500;
}

/** All bytes were there already but the answer to the last part was lost: an empty part asks for it. */
async function completed(url: string, size: number): Promise<unknown> {
  const answer = await authorisedFetch(
    new Request(url, {
      method: "PATCH",
      headers: {
        "Content-Type": "application/offset+octet-stream",
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": String(size),
      },
    }),
  );
  return answer.json();
}

function refusalOf(error: Error | DetailedError): Error {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (response === null) return new TypeError("network");
  return problemFrom(response.getStatus(), parsed(response.getBody()));
}
