import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Alert, Typography } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";

interface Props {
  readonly title: string;
  readonly hint: string;
  readonly text: string;
}

/** A secret that is told this once: read, and copied. */
export function ShownOnce({ title, hint, text }: Props): ReactNode {
  const { keys: words } = useWords();
  const icon = [
    <span key="copy">
      <CopyOutlined /> {words.copy}
    </span>,
    <span key="copied">
      <CheckOutlined /> {words.copied}
    </span>,
  ];
  return (
    <>
      <Alert type="warning" showIcon title={title} description={hint} />
      <div className="key-text">
        <code data-testid="key-text">{text}</code>
        <Typography.Text copyable={{ text, icon, tooltips: [words.copy, words.copied] }} />
      </div>
    </>
  );
}
