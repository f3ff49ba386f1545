import { Button, Result } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useWords } from "../i18n/language";

export function NotFoundPage(): ReactNode {
  const words = useWords();
  return (
    <Result
      status="404"
      title={words.common.pageNotFound}
      extra={
        <Link to="/">
          <Button type="primary">{words.projects.title}</Button>
        </Link>
      }
    />
  );
}
