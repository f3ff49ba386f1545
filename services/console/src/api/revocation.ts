/**
 * Taking an access token back when its reader leaves, so that what may have been copied of it opens nothing
 * any more. Nobody waits for it: the page has left already, and the token ends by itself before long.
 */

const PAUSES_MS = [0, 1_000, 4_000] as const;
const PATIENCE_MS = 5_000;

/** Resolves when the platform has answered, or after the last of a few tries; it never rejects. */
export async function takeBack(token: string): Promise<void> {
  for (const pause of PAUSES_MS) {
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    if (await isHeard(token)) return;
  }
}

/** What is refused is no good any more, and asking again changes nothing. */
async function isHeard(token: string): Promise<boolean> {
  try {
    const response = await fetch("/api/workspace/tokens:revoke", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ token }),
      // A tab that is closed right after still sends it.
      keepalive: true,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return response.status < 500;
  } catch {
    return false;
  }
}
