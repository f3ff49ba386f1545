import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Modal, Space, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { signOut } from "../../api/session";
import { endTokens, revokeKey, type ApiKey } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";

const STEPS = { endTokens, revoke: revokeKey };

/** What is taken back of a key that is valid: what is signed in with it, or the key itself. */
export function KeyActions({ one }: { readonly one: ApiKey }): ReactNode {
  return (
    <Space>
      <Action one={one} step="endTokens" />
      <Action one={one} step="revoke" />
    </Space>
  );
}

interface Props {
  readonly one: ApiKey;
  readonly step: keyof typeof STEPS;
}

/** Asks before it does it, and stays open with the reason where that is refused. */
function Action({ one, step }: Props): ReactNode {
  const { keys, common } = useWords();
  const words = keys[step];
  const queries = useQueryClient();
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  const danger = step === "revoke";
  const taking = useMutation({
    mutationFn: () => STEPS[step](one.id),
    onSuccess: async () => {
      if (danger && one.is_own) return signOut();
      setOpen(false);
      void message.success(words.done(one.name));
      await queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  return (
    <>
      <Button size="small" aria-label={`${words.name}: ${one.name}`} onClick={() => setOpen(true)}>
        {words.name}
      </Button>
      <Modal
        open={open}
        title={words.sure(one.name)}
        okText={words.name}
        okButtonProps={{ danger }}
        cancelText={common.cancel}
        confirmLoading={taking.isPending}
        onOk={() => taking.mutate()}
        onCancel={() => setOpen(false)}
        afterClose={() => taking.reset()}
        destroyOnHidden
      >
        {danger && one.is_own && <Typography.Paragraph strong>{keys.revokeOwn}</Typography.Paragraph>}
        <Typography.Paragraph>{words.hint}</Typography.Paragraph>
        {taking.isError && <ProblemAlert error={taking.error} />}
      </Modal>
    </>
  );
}
