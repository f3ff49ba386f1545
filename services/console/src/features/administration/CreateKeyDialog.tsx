import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form, Input, Radio } from "antd";
import type { ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import { createKey, ROLES, type NewKey, type Role } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { counted } from "../../ui/codePoints";
import { MakingDialog } from "./MakingDialog";
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
  const { keys: words } = useWords();
  const [form] = Form.useForm<Fields>();
  const queries = useQueryClient();
  const creation = useMutation({
    mutationFn: (fields: Fields) => createKey(asked(fields)),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  const made = creation.data;
  return (
    <MakingDialog
      open={open}
      title={made === undefined ? words.createTitle : words.madeTitle(made.name)}
      okText={words.createNow}
      form={form}
      start={START}
      saving={creation}
      shown={made === undefined ? null : <ShownOnce title={words.once} hint={words.onceHint} text={made.api_key} />}
      onClose={onClose}
    >
      <KeyFields />
    </MakingDialog>
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
          count={counted(FACTS.longest.key)}
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
