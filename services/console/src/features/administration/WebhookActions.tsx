import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Modal, Space, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { asProblem } from "../../api/problem";
import { deleteWebhook, rotateSecret, testWebhook, type Webhook } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { ProblemAlert, problemTitle } from "../../ui/ProblemAlert";
import { ShownOnce } from "./ShownOnce";
import { WebhookDialog } from "./WebhookDialog";

interface Props {
  readonly one: Webhook;
}

/** What is done with a webhook: tried out, changed, given a new secret, removed. */
export function WebhookActions({ one }: Props): ReactNode {
  const { webhooks: words } = useWords();
  const [editing, setEditing] = useState<Webhook | null>(null); // as it was read then, for the version
  return (
    <Space>
      <TryOut one={one} />
      <Button size="small" aria-label={`${words.edit}: ${one.name}`} onClick={() => setEditing(one)}>
        {words.edit}
      </Button>
      <Rotate one={one} />
      <Remove one={one} />
      <WebhookDialog one={editing ?? one} open={editing !== null} onClose={() => setEditing(null)} />
    </Space>
  );
}

function TryOut({ one }: Props): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const trying = useMutation({
    mutationFn: () => testWebhook(one.id),
    onSuccess: () => {
      void message.success(words.webhooks.test.done);
      return queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
    onError: (error) => void message.error(problemTitle(asProblem(error), words)),
  });
  return (
    <Button
      size="small"
      disabled={!one.is_on}
      loading={trying.isPending}
      aria-label={`${words.webhooks.test.name}: ${one.name}`}
      onClick={() => trying.mutate()}
    >
      {words.webhooks.test.name}
    </Button>
  );
}

/** Asks first; then the new secret stays until it is said to be copied. */
function Rotate({ one }: Props): ReactNode {
  const { webhooks: words, common } = useWords();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const rotating = useMutation({
    mutationFn: () => rotateSecret(one.id),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  const made = rotating.data;
  const leaves = made === undefined && !rotating.isPending;
  return (
    <>
      <Button size="small" aria-label={`${words.rotate.name}: ${one.name}`} onClick={() => setOpen(true)}>
        {words.rotate.name}
      </Button>
      <Modal
        open={open}
        title={made === undefined ? words.rotate.sure(one.name) : words.secretTitle(one.name)}
        okText={made === undefined ? words.rotate.name : common.done}
        cancelText={common.cancel}
        cancelButtonProps={made === undefined ? { disabled: !leaves } : { style: { display: "none" } }}
        confirmLoading={rotating.isPending}
        closable={leaves}
        keyboard={leaves}
        mask={{ closable: leaves }}
        onOk={() => (made === undefined ? rotating.mutate() : setOpen(false))}
        onCancel={() => setOpen(false)}
        afterClose={() => rotating.reset()}
        width={640}
        destroyOnHidden
      >
        {made === undefined ? (
          <Typography.Paragraph>{words.rotate.hint}</Typography.Paragraph>
        ) : (
          <ShownOnce title={words.once} hint={words.rotate.hint} text={made.secret} />
        )}
        {rotating.isError && <ProblemAlert error={rotating.error} />}
      </Modal>
    </>
  );
}

function Remove({ one }: Props): ReactNode {
  const { webhooks: words, common } = useWords();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  const removing = useMutation({
    mutationFn: () => deleteWebhook(one.id),
    onSuccess: async () => {
      setOpen(false);
      void message.success(words.remove.done(one.name));
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <>
      <Button size="small" aria-label={`${words.remove.name}: ${one.name}`} onClick={() => setOpen(true)}>
        {words.remove.name}
      </Button>
      <Modal
        open={open}
        title={words.remove.sure(one.name)}
        okText={words.remove.name}
        okButtonProps={{ danger: true }}
        cancelText={common.cancel}
        confirmLoading={removing.isPending}
        onOk={() => removing.mutate()}
        onCancel={() => setOpen(false)}
        afterClose={() => removing.reset()}
        destroyOnHidden
      >
        <Typography.Paragraph>{words.remove.hint}</Typography.Paragraph>
        {removing.isError && <ProblemAlert error={removing.error} />}
      </Modal>
    </>
  );
}
