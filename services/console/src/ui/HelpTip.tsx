import { QuestionCircleOutlined } from "@ant-design/icons";
import { Popover } from "antd";
import type { ReactNode } from "react";

interface Props {
  readonly title: string;
  readonly text: ReactNode;
}

/** A question mark that explains the word it stands beside. */
export function HelpTip({ title, text }: Props): ReactNode {
  return (
    <Popover title={title} content={<div className="help-text">{text}</div>} trigger={["hover", "click"]}>
      <QuestionCircleOutlined className="help-icon" tabIndex={0} aria-label={title} />
    </Popover>
  );
}
