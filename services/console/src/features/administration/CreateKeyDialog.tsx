import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Radio } from "antd";
import type { ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import { createKey, ROLES, type NewKey, type Role } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { cutTo, lengthOf } from "../../ui/codePoints";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { ShownOnce } from "./ShownOnce";

/** After how many days a key may end; 0 is never. */
const LIFETIMES = [0, 30, 90, 365] as const;

interface Fields {
  readonly name: string;
  readonly role: Role;
  readonly days: number;
}

const START: Fields = { name: "", role: "annotator", days: 0 };

function asked({ name, role, days }: Fields): NewKey {
  return { name: name.trim(), role, expires_in_days: days === 0 ? null : days };
}

interface Props {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Makes a key, and then shows its text, which is told this once. */
export function CreateKeyDialog({ open, onClose }: Props): ReactNode {
  const { keys: words, common } = useWords();
  const [form] = Form.useForm<Fields>();
  const queries = useQueryClient();
  const creation = useMutation({
    mutationFn: (fields: Fields) => createKey(asked(fields)),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  const made = creation.data;
  // What is shown once is not lost to a stray click, nor to one while it is on its way.
  const leaves = made === undefined && !creation.isPending;
  return (
    <Modal
      open={open}
      title={made === undefined ? words.createTitle : words.madeTitle(made.name)}
      okText={words.createNow}
      cancelText={common.cancel}
      onOk={() => form.submit()}
      onCancel={onClose}
      cancelButtonProps={{ disabled: !leaves }}
      confirmLoading={creation.isPending}
      closable={leaves}
      keyboard={leaves}
      mask={{ closable: leaves }}
      width={640}
      destroyOnHidden
      {...(made === undefined
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
        creation.reset();
      }}
    >
      {made === undefined ? (
        <Form<Fields>
          form={form}
          layout="vertical"
          initialValues={START}
          onFinish={(fields) => {
            if (!creation.isPending) creation.mutate(fields);
          }}
        >
          {creation.isError && <ProblemAlert error={creation.error} className="key-problem" />}
          <KeyFields />
        </Form>
      ) : (
        <ShownOnce title={words.once} hint={words.onceHint} text={made.api_key} />
      )}
    </Modal>
  );
}

function KeyFields(): ReactNode {
  const { keys: words } = useWords();
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
          data-testid="key-name"
        />
      </Form.Item>
      <Form.Item name="role" label={words.role}>
        <Radio.Group className="key-roles">
          {ROLES.map((role) => (
            <Radio key={role} value={role}>
              {words.roles[role].name}
              <span className="key-role-about">{words.roles[role].about}</span>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      <Form.Item name="days" label={words.lifetime}>
        <Radio.Group
          optionType="button"
          options={LIFETIMES.map((days) => ({
            value: days,
            label: days === 0 ? words.lifetimes.never : words.lifetimes.days(days),
          }))}
        />
      </Form.Item>
    </>
  );
}
