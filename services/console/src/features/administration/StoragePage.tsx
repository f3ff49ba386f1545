import { useQuery } from "@tanstack/react-query";
import { Card, Descriptions, Empty, Skeleton, Table } from "antd";
import type { ReactNode } from "react";
import { getStorage, type Storage } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { bytes, time } from "../../ui/format";
import { PageHead } from "../../ui/PageHead";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { AdministrationLinks } from "./AdministrationLinks";

const REFRESH_MS = 60_000;

/** What the tenant has stored by kind, what will be freed, and when that was last looked at. */
export function StoragePage(): ReactNode {
  const words = useWords();
  const storage = useQuery({ queryKey: ["storage"], queryFn: getStorage, refetchInterval: REFRESH_MS });
  return (
    <div className="page">
      <PageHead title={words.storage.title} subtitle={words.storage.subtitle}>
        <AdministrationLinks here="storage" />
      </PageHead>
      {storage.isError && <ProblemAlert error={storage.error} onRetry={() => void storage.refetch()} />}
      {storage.isPending && (
        <Card>
          <Skeleton active paragraph={{ rows: 6 }} />
        </Card>
      )}
      {storage.data !== undefined && <Found storage={storage.data} />}
    </div>
  );
}

function Found({ storage }: { readonly storage: Storage }): ReactNode {
  const words = useWords();
  if (storage.looked_at === null)
    return (
      <Card className="empty-card">
        <Empty description={words.storage.never} />
      </Card>
    );
  return (
    <div className="stack">
      <Card>
        <Descriptions
          column={{ xs: 1, md: 2 }}
          items={[
            { key: "at", label: words.storage.lookedAt, children: time(storage.looked_at) },
            { key: "every", label: words.storage.next, children: words.storage.every(storage.every_h) },
            {
              key: "unnamed",
              label: words.storage.unnamed,
              children: `${bytes(storage.unnamed.size_bytes)} · ${words.storage.after(storage.safe_age_h)}`,
            },
            {
              key: "freed",
              label: words.storage.freed,
              children: `${bytes(storage.freed.size_bytes)} / ${bytes(storage.freed_ever.size_bytes)}`,
            },
          ]}
        />
      </Card>
      <Kinds storage={storage} />
    </div>
  );
}

function Kinds({ storage }: { readonly storage: Storage }): ReactNode {
  const words = useWords();
  const names: Record<string, string> = words.storage.kinds;
  return (
    <Table
      rowKey="kind"
      size="small"
      pagination={false}
      dataSource={storage.kinds}
      columns={[
        { title: words.storage.kind, dataIndex: "kind", render: (kind: string) => names[kind] ?? kind },
        { title: words.storage.count, dataIndex: "count", align: "right" },
        { title: words.storage.size, dataIndex: "size_bytes", align: "right", render: bytes },
        {
          title: words.storage.kept,
          dataIndex: "kept_days",
          render: (days: number | null) => (days === null ? words.storage.withProject : words.storage.days(days)),
        },
      ]}
    />
  );
}
