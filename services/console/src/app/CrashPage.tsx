import { WarningFilled } from "@ant-design/icons";
import { Button } from "antd";
import { useSyncExternalStore, type ReactNode } from "react";
import { useRouteError } from "react-router";
import { silentSince, subscribeToConnection } from "../api/connection";
import { useWords } from "../i18n/language";

/**
 * The last resort, in the frame's place for pages. A part of the console that could not be loaded is
 * missing because the platform does not answer, or because an update has replaced it: a reload tells.
 * It comes with the first page, as nothing may be left to load by then: plain, without antd's Result
 * and its drawings, which are a tenth of a second on a slow line.
 */
export function CrashPage(): ReactNode {
  const words = useWords();
  const error = useRouteError();
  const since = useSyncExternalStore(subscribeToConnection, silentSince);
  const unreachable = since !== null || !navigator.onLine;
  return (
    <section className="crash" role="alert">
      <WarningFilled className="crash-sign" />
      <h1>{unreachable ? words.problems.unreachable : words.common.crashed}</h1>
      <p>{unreachable ? words.common.unreachableAdvice : words.common.crashAdvice}</p>
      <Button type="primary" onClick={() => window.location.reload()}>
        {words.common.reload}
      </Button>
      <p className="secondary">{error instanceof Error ? error.message : ""}</p>
    </section>
  );
}
