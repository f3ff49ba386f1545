import { Space, Typography } from "antd";
import type { ReactNode } from "react";

interface Props {
  readonly title: string;
  readonly subtitle: string;
  /** Ways to other pages, and what can be made here. */
  readonly children: ReactNode;
}

/** What a page of no project is called, and what can be done from it. */
export function PageHead({ title, subtitle, children }: Props): ReactNode {
  return (
    <div className="page-head">
      <div>
        <Typography.Title level={1}>{title}</Typography.Title>
        <Typography.Text type="secondary">{subtitle}</Typography.Text>
      </div>
      <Space size="middle">{children}</Space>
    </div>
  );
}
