import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Badge, Button, Empty, Table, Typography } from "antd";
import type { TableColumnsType } from "antd";
import type { ReactNode } from "react";
import { asProblem } from "../../api/problem";
import { listDeliveries, replayDelivery, type Delivery, type Webhook } from "../../api/workspace";
import { useWords, type Words } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert, problemTitle } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";

const REFRESH_MS = 5_000;
const ROWS = 5;
const STATUS = { waiting: "processing", delivered: "success", failed: "error" } as const;

/** What a webhook was told, and what became of each message. */
export function DeliveryLog({ of }: { readonly of: Webhook }): ReactNode {
  const words = useWords();
  const messages = usePage({
    key: ["webhooks", of.id, "deliveries"],
    list: (page, size) => listDeliveries(of.id, page, size),
    size: ROWS,
    refreshMs: REFRESH_MS,
  });
  return (
    <>
      <Typography.Title level={5}>{words.webhooks.logTitle(of.name)}</Typography.Title>
      {of.former_until !== null && new Date(of.former_until) > new Date() && (
        <Typography.Paragraph>{words.webhooks.overlap(time(of.former_until))}</Typography.Paragraph>
      )}
      {messages.error !== null && <ProblemAlert error={messages.error} onRetry={messages.retry} />}
      {(messages.error === null || messages.items.length > 0) && (
        <Table<Delivery>
          rowKey="id"
          size="small"
          loading={messages.pending || messages.turning}
          dataSource={messages.items}
          columns={columnsOf(words, of)}
          locale={{ emptyText: <Empty description={messages.empty ? words.webhooks.noMessages : null} /> }}
          pagination={{ ...messages.pager, showTotal: words.common.total, hideOnSinglePage: true }}
          footer={() => words.webhooks.logHelp}
          expandable={{
            expandedRowRender: ({ body, message_id: id }) => (
              <>
                <Typography.Text type="secondary">
                  {words.webhooks.body} · webhook-id {id}
                </Typography.Text>
                <pre className="delivery-body">{body}</pre>
              </>
            ),
          }}
        />
      )}
    </>
  );
}

function columnsOf(words: Words, of: Webhook): TableColumnsType<Delivery> {
  const { webhooks } = words;
  const names: Record<string, string> = webhooks.eventNames;
  return [
    { title: webhooks.at, key: "at", width: 170, render: (_, { created_at: at }) => time(at) },
    { title: webhooks.event, key: "event", render: (_, { event }) => names[event] ?? event },
    {
      title: webhooks.state,
      key: "state",
      width: 210,
      render: (_, { state, next_at: next, latest }) => (
        <>
          <Badge status={STATUS[state]} text={webhooks.states[state]} />
          {next !== null && latest.length > 0 && <div className="key-maker">{webhooks.nextAt(time(next))}</div>}
        </>
      ),
    },
    { title: webhooks.tries, key: "tries", width: 90, render: (_, { tries }) => tries },
    { title: webhooks.answer, key: "answer", width: 260, render: (_, one) => answerOf(one, words) },
    {
      title: words.common.actions,
      key: "actions",
      width: 130,
      render: (_, one) => <Replay one={one} of={of} />,
    },
  ];
}

function answerOf({ latest }: Delivery, { webhooks: words }: Words): string {
  const last = latest.at(-1);
  if (last === undefined) return "—";
  if (last.trouble !== null) return words.troubles[last.trouble];
  return last.status === null ? "—" : words.status(last.status, last.elapsed_ms);
}

function Replay({ one, of }: { readonly one: Delivery; readonly of: Webhook }): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const replaying = useMutation({
    mutationFn: () => replayDelivery(of.id, one.id),
    onSuccess: () => {
      void message.success(words.webhooks.replay.done);
      return queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
    onError: (error) => void message.error(problemTitle(asProblem(error), words)),
  });
  return (
    <Button size="small" disabled={!of.is_on} loading={replaying.isPending} onClick={() => replaying.mutate()}>
      {words.webhooks.replay.name}
    </Button>
  );
}
