import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Modal } from "antd";
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
import { cutTo, lengthOf } from "../../ui/codePoints";
import { ProblemAlert } from "../../ui/ProblemAlert";
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
    mutationFn: async (fields: NewWebhook): Promise<MadeWebhook | null> => {
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
  const leaves = made === null && !saving.isPending;
  const title = one === undefined ? words.create : words.editTitle(one.name);
  return (
    <Modal
      open={open}
      title={made === null ? title : words.secretTitle(made.name)}
      okText={one === undefined ? words.createNow : common.save}
      cancelText={common.cancel}
      onOk={() => form.submit()}
      onCancel={onClose}
      cancelButtonProps={{ disabled: !leaves }}
      confirmLoading={saving.isPending}
      closable={leaves}
      keyboard={leaves}
      mask={{ closable: leaves }}
      width={640}
      destroyOnHidden
      {...(made === null
        ? {}
        : {
            footer: (
              <Button type="primary" onClick={onClose}>
                {common.done}
              </Button>
            ),
          })}
      afterClose={() => {
        form.resetFields();
        saving.reset();
      }}
    >
      {made === null ? (
        <Form<NewWebhook>
          form={form}
          layout="vertical"
          initialValues={one === undefined ? START : { name: one.name, url: one.url, events: one.events }}
          onFinish={({ name, url, events }) => {
            if (!saving.isPending) saving.mutate({ name: name.trim(), url: url.trim(), events });
          }}
        >
          {saving.isError && <ProblemAlert error={saving.error} className="key-problem" />}
          <WebhookFields />
        </Form>
      ) : (
        <ShownOnce title={words.once} hint={words.onceHint} text={made.secret} />
      )}
    </Modal>
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
          count={{ show: true, max: FACTS.longest.key, strategy: lengthOf, exceedFormatter: cutTo }}
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
