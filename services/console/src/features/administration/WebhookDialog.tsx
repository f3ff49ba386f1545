import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Checkbox, Form, Input } from "antd";
import type { ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import {
  changeWebhook,
  createWebhook,
  WEBHOOK_EVENTS,
  type MadeWebhook,
  type NewWebhook,
  type Webhook,
} from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { counted } from "../../ui/codePoints";
import { MakingDialog } from "./MakingDialog";
import { ShownOnce } from "./ShownOnce";

const START: NewWebhook = { name: "", url: "https://", events: [] };
const SECURE = /^https?:\/\/./;

interface Props {
  /** The one that is changed; a new one without. */
  readonly one?: Webhook;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Makes a webhook, and then shows its secret, which is told this once; or changes one. */
export function WebhookDialog({ one, open, onClose }: Props): ReactNode {
  const { webhooks: words, common } = useWords();
  const [form] = Form.useForm<NewWebhook>();
  const queries = useQueryClient();
  const saving = useMutation({
    mutationFn: async (written: NewWebhook): Promise<MadeWebhook | null> => {
      const fields = { ...written, name: written.name.trim(), url: written.url.trim() };
      if (one === undefined) return createWebhook(fields);
      await changeWebhook(one.id, fields, one.version);
      return null;
    },
    onSuccess: (made) => {
      if (made === null) onClose();
      return queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  const made = saving.data ?? null;
  const title = one === undefined ? words.create : words.editTitle(one.name);
  return (
    <MakingDialog
      open={open}
      title={made === null ? title : words.secretTitle(made.name)}
      okText={one === undefined ? words.createNow : common.save}
      form={form}
      start={one === undefined ? START : { name: one.name, url: one.url, events: one.events }}
      saving={saving}
      shown={made === null ? null : <ShownOnce title={words.once} hint={words.onceHint} text={made.secret} />}
      onClose={onClose}
    >
      <WebhookFields />
    </MakingDialog>
  );
}

function WebhookFields(): ReactNode {
  const { webhooks: words } = useWords();
  return (
    <>
      <Form.Item
        name="name"
        label={words.name}
        extra={words.nameHint}
        rules={[{ required: true, whitespace: true, message: words.nameMissing }]}
      >
        <Input
          count={counted(FACTS.longest.key)}
          autoFocus
          data-testid="webhook-name"
        />
      </Form.Item>
      <Form.Item
        name="url"
        label={words.url}
        extra={words.urlHint}
        rules={[{ required: true, pattern: SECURE, message: words.urlMissing }]}
      >
        <Input maxLength={1000} data-testid="webhook-url" />
      </Form.Item>
      <Form.Item
        name="events"
        label={words.events}
        rules={[{ required: true, type: "array", min: 1, message: words.eventsMissing }]}
      >
        <Checkbox.Group
          className="webhook-events"
          options={WEBHOOK_EVENTS.map((event) => ({ value: event, label: words.eventNames[event] }))}
        />
      </Form.Item>
    </>
  );
}
