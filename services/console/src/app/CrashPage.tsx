import { Button, Result, Typography } from "antd";
import type { ReactNode } from "react";
import { useRouteError } from "react-router";
import { useWords } from "../i18n/language";

/**
 * The last resort. Most often the platform was updated while the page was open, so that a part of the
 * old console is no longer there to load: a reload brings the new one.
 */
export function CrashPage(): ReactNode {
  const words = useWords();
  const error = useRouteError();
  return (
    <Result
      status="warning"
      title={words.common.crashed}
      subTitle={words.common.crashAdvice}
      extra={
        <Button type="primary" onClick={() => window.location.reload()}>
          {words.common.reload}
        </Button>
      }
    >
      <Typography.Text type="secondary">{error instanceof Error ? error.message : ""}</Typography.Text>
    </Result>
  );
}
