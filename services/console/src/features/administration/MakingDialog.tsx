import { Button, Form, Modal, type FormInstance } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";

interface Props<Fields> {
  readonly open: boolean;
  readonly title: string;
  readonly okText: string;
  readonly form: FormInstance<Fields>;
  readonly start: Fields;
  /** The request under way, or how it went. */
  readonly saving: {
    readonly isPending: boolean;
    readonly error: unknown;
    readonly mutate: (fields: Fields) => void;
    readonly reset: () => void;
  };
  /** What was made and is shown this once, in place of the fields. */
  readonly shown: ReactNode | null;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Asks for the fields of what is made, then shows what is told this once. */
export function MakingDialog<Fields extends object>(props: Props<Fields>): ReactNode {
  const { open, title, okText, form, start, saving, shown, onClose, children } = props;
  const { common } = useWords();
  // What is shown once is not lost to a stray click, nor to one while it is on its way.
  const leaves = shown === null && !saving.isPending;
  const done = (
    <Button type="primary" onClick={onClose}>
      {common.done}
    </Button>
  );
  return (
    <Modal
      open={open}
      title={title}
      okText={okText}
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
      {...(shown === null ? {} : { footer: done })}
      afterClose={() => {
        form.resetFields();
        saving.reset();
      }}
    >
      {shown ?? (
        <Form<Fields>
          form={form}
          layout="vertical"
          initialValues={start}
          onFinish={(fields) => {
            if (!saving.isPending) saving.mutate(fields);
          }}
        >
          {saving.error !== null && <ProblemAlert error={saving.error} className="key-problem" />}
          {children}
        </Form>
      )}
    </Modal>
  );
}
