import { Space } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useWords } from "../../i18n/language";

const PAGES = ["keys", "storage", "quotas", "webhooks", "audit"] as const;

/** The ways from a page of the tenant's administration to the others. */
export function AdministrationLinks({ here }: { readonly here: (typeof PAGES)[number] }): ReactNode {
  const words = useWords();
  return (
    <Space size="middle" wrap>
      <Link to="/">{words.projects.title}</Link>
      {PAGES.filter((page) => page !== here).map((page) => (
        <Link key={page} to={`/${page}`}>
          {words[page].title}
        </Link>
      ))}
    </Space>
  );
}
