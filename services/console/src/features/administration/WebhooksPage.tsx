import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Badge, Button, Empty, Space, Switch, Table, Tag } from "antd";
import type { TableColumnsType } from "antd";
import { useState, type ReactNode } from "react";
import { changeWebhook, listWebhooks, type Webhook } from "../../api/workspace";
import { useWords, type Words } from "../../i18n/language";
import { time } from "../../ui/format";
import { PageHead } from "../../ui/PageHead";
import { ProblemAlert, problemTitle } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";
import { asProblem } from "../../api/problem";
import { AdministrationLinks } from "./AdministrationLinks";
import { DeliveryLog } from "./DeliveryLog";
import { WebhookActions } from "./WebhookActions";
import { WebhookDialog } from "./WebhookDialog";
import "./keys.css";
import "./webhooks.css";

const REFRESH_MS = 10_000;

/** Whom the tenant has told what happens, and what became of that. */
export function WebhooksPage(): ReactNode {
  const words = useWords();
  const [creating, setCreating] = useState(false);
  const webhooks = usePage({ key: ["webhooks"], list: listWebhooks, refreshMs: REFRESH_MS });
  return (
    <div className="page">
      <PageHead title={words.webhooks.title} subtitle={words.webhooks.subtitle}>
        <AdministrationLinks here="webhooks" />
        {webhooks.error === null && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
            {words.webhooks.create}
          </Button>
        )}
      </PageHead>
      {webhooks.error !== null && <ProblemAlert error={webhooks.error} onRetry={webhooks.retry} />}
      {(webhooks.error === null || webhooks.items.length > 0) && (
        <Table<Webhook>
          rowKey="id"
          size="middle"
          scroll={{ x: 1100 }}
          loading={webhooks.pending || webhooks.turning}
          dataSource={webhooks.items}
          columns={columnsOf(words)}
          locale={{ emptyText: <Empty description={webhooks.empty ? words.webhooks.none : null} /> }}
          pagination={{ ...webhooks.pager, showTotal: words.common.total, hideOnSinglePage: true }}
          footer={() => words.webhooks.help}
          expandable={{ expandedRowRender: (one) => <DeliveryLog of={one} /> }}
        />
      )}
      <WebhookDialog open={creating} onClose={() => setCreating(false)} />
    </div>
  );
}

function columnsOf({ webhooks: words, common }: Words): TableColumnsType<Webhook> {
  return [
    {
      title: words.name,
      key: "name",
      render: (_, one) => (
        <>
          <span className="key-name">{one.name}</span>
          <div className="key-maker">{one.url}</div>
        </>
      ),
    },
    {
      title: words.events,
      key: "events",
      width: 230,
      render: (_, { events }) => (
        <Space size={[4, 4]} wrap>
          {events.map((event) => (
            <Tag key={event}>{words.eventNames[event]}</Tag>
          ))}
        </Space>
      ),
    },
    {
      title: words.newest,
      key: "newest",
      width: 190,
      render: (_, { newest_state: state, newest_at: at }) =>
        state === null ? words.never : <Outcome state={state} at={time(at)} />,
    },
    { title: words.on, key: "on", width: 80, render: (_, one) => <OnSwitch one={one} /> },
    { title: common.actions, key: "actions", width: 330, render: (_, one) => <WebhookActions one={one} /> },
  ];
}

interface OutcomeProps {
  readonly state: "waiting" | "delivered" | "failed";
  readonly at: string;
}

function Outcome({ state, at }: OutcomeProps): ReactNode {
  const { webhooks: words } = useWords();
  const status = { waiting: "processing", delivered: "success", failed: "error" } as const;
  return (
    <>
      <Badge status={status[state]} text={words.states[state]} />
      <div className="key-maker">{at}</div>
    </>
  );
}

/** Off, it tells nothing, and what waits is not sent. */
function OnSwitch({ one }: { readonly one: Webhook }): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const switching = useMutation({
    mutationFn: (on: boolean) => changeWebhook(one.id, { is_on: on }, one.version),
    onError: (error) => void message.error(problemTitle(asProblem(error), words)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  return (
    <Switch
      size="small"
      checked={one.is_on}
      loading={switching.isPending}
      aria-label={`${words.webhooks.on}: ${one.name}`}
      onChange={(on) => switching.mutate(on)}
    />
  );
}
