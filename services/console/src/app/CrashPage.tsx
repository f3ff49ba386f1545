import { Button, Result } from "antd";
import { useSyncExternalStore, type ReactNode } from "react";
import { useRouteError } from "react-router";
import { silentSince, subscribeToConnection } from "../api/connection";
import { useWords } from "../i18n/language";

/**
 * The last resort, in the frame's place for pages. A part of the console that could not be loaded is
 * missing because the platform does not answer, or because an update has replaced it: a reload tells.
 */
export function CrashPage(): ReactNode {
  const words = useWords();
  const error = useRouteError();
  const since = useSyncExternalStore(subscribeToConnection, silentSince);
  const unreachable = since !== null || !navigator.onLine;
  return (
    <Result
      status="warning"
      title={unreachable ? words.problems.unreachable : words.common.crashed}
      subTitle={unreachable ? words.common.unreachableAdvice : words.common.crashAdvice}
      extra={
        <Button type="primary" onClick={() => window.location.reload()}>
          {words.common.reload}
        </Button>
      }
    >
      <span className="secondary">{error instanceof Error ? error.message : ""}</span>
    </Result>
  );
}
