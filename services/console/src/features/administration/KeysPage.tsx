import { PlusOutlined } from "@ant-design/icons";
import { Badge, Button, Empty, Table, Tag } from "antd";
import type { TableColumnsType } from "antd";
import { useState, type ReactNode } from "react";
import { listKeys, type ApiKey } from "../../api/workspace";
import { useWords, type Words } from "../../i18n/language";
import { time } from "../../ui/format";
import { PageHead } from "../../ui/PageHead";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";
import { AdministrationLinks } from "./AdministrationLinks";
import { CreateKeyDialog } from "./CreateKeyDialog";
import { KeyActions } from "./KeyActions";
import "./keys.css";

const REFRESH_MS = 60_000;

/** The tenant's keys: made for others, and taken back. */
export function KeysPage(): ReactNode {
  const words = useWords();
  const [creating, setCreating] = useState(false);
  const keys = usePage({ key: ["keys"], list: listKeys, refreshMs: REFRESH_MS });
  return (
    <div className="page">
      <PageHead title={words.keys.title} subtitle={words.keys.subtitle}>
        <AdministrationLinks here="keys" />
        {keys.error === null && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
            {words.keys.create}
          </Button>
        )}
      </PageHead>
      {keys.error !== null && <ProblemAlert error={keys.error} onRetry={keys.retry} />}
      {(keys.error === null || keys.items.length > 0) && (
        <Table<ApiKey>
          rowKey="id"
          size="middle"
          scroll={{ x: 1000 }}
          loading={keys.pending || keys.turning}
          dataSource={keys.items}
          columns={columnsOf(words)}
          rowClassName={({ state }) => (state === "valid" ? "" : "key-spent")}
          locale={{ emptyText: <Empty description={keys.empty ? words.keys.none : null} /> }}
          pagination={{ ...keys.pager, showTotal: words.common.total, hideOnSinglePage: true }}
          footer={() => words.keys.lastUsedHelp}
        />
      )}
      <CreateKeyDialog open={creating} onClose={() => setCreating(false)} />
    </div>
  );
}

function columnsOf({ keys: words, common }: Words): TableColumnsType<ApiKey> {
  return [
    {
      title: words.name,
      key: "name",
      render: (_, one) => (
        <>
          <span className="key-name">{one.name}</span>
          {one.is_own && <Tag>{words.own}</Tag>}
          {one.is_operator && <Tag color="warning">{words.ofOperator}</Tag>}
        </>
      ),
    },
    {
      title: words.role,
      key: "role",
      width: 120,
      render: (_, { role }) => (words.roles as Record<string, { name: string }>)[role]?.name ?? role,
    },
    {
      title: words.state,
      key: "state",
      width: 100,
      render: (_, { state }) => (
        <Badge status={state === "valid" ? "success" : "default"} text={words.states[state]} />
      ),
    },
    {
      title: words.made,
      key: "made",
      width: 180,
      render: (_, one) => (
        <>
          {time(one.created_at)}
          <div className="key-maker">{words.by(one.created_by_name ?? words.operator)}</div>
        </>
      ),
    },
    {
      title: words.lastUsed,
      key: "used",
      width: 170,
      render: (_, { last_used_at: at }) => (at === null ? words.unused : time(at)),
    },
    {
      title: words.expires,
      key: "expires",
      width: 170,
      render: (_, { expires_at: at }) => (at === null ? words.unlimited : time(at)),
    },
    {
      title: common.actions,
      key: "actions",
      width: 210,
      render: (_, one) => (one.state === "valid" ? <KeyActions one={one} /> : null),
    },
  ];
}
