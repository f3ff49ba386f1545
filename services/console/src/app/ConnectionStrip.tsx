import { Alert } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore, type ReactNode } from "react";
import { silentSince, subscribeToConnection } from "../api/connection";
import { fetchBlob } from "../api/http";
import { useWords } from "../i18n/language";
import { clockTime } from "../ui/format";
import { readAnew } from "../ui/usePicture";

const TRY_AGAIN_MS = 3_000;
/** Answers without a credential, and costs nothing. */
const PROBE = "/api/workspace/healthz";

/** Says that the platform does not answer, tries again by itself, and reads everything anew once it does. */
export function ConnectionStrip(): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const since = useSyncExternalStore(subscribeToConnection, silentSince);
  const silent = since !== null;
  useEffect(() => {
    if (!silent) return;
    // Any answer, a refusal too, ends the silence: `heard` is called by the request itself.
    const timer = window.setInterval(() => void fetchBlob(PROBE).catch(() => undefined), TRY_AGAIN_MS);
    return () => {
      window.clearInterval(timer);
      readAnew(queries);
    };
  }, [silent, queries]);
  if (since === null) return null;
  return (
    <Alert
      banner
      type="warning"
      className="connection-strip"
      data-testid="no-answer"
      title={words.common.noAnswer(clockTime(since))}
    />
  );
}
