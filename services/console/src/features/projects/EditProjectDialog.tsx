import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form, Input, Modal } from "antd";
import { useState, type ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import { changeProject, type Project } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { counted } from "../../ui/codePoints";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { refreshProject } from "./refreshProject";

interface Fields {
  readonly name: string;
  readonly notes: string;
}

interface Props {
  readonly project: Project;
  readonly onClose: () => void;
}

/** Name and notes as they were when this opened; who changed them first meanwhile is not written over. */
export function EditProjectDialog({ project: now, onClose }: Props): ReactNode {
  const [project] = useState(now);
  const { projects: words, common } = useWords();
  const [form] = Form.useForm<Fields>();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: ({ name, notes }: Fields) =>
      changeProject(project.id, { name: name.trim(), notes }, project.version),
    onSuccess: async () => {
      await refreshProject(queries, project.id);
      onClose();
    },
    onError: () => refreshProject(queries, project.id),
  });
  return (
    <Modal
      open
      title={words.editTitle}
      okText={common.save}
      cancelText={common.cancel}
      onOk={() => form.submit()}
      onCancel={onClose}
      confirmLoading={change.isPending}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        initialValues={{ name: project.name, notes: project.notes }}
        onFinish={(fields) => change.mutate(fields)}
      >
        {change.isError && <ProblemAlert error={change.error} className="create-problem" />}
        <Form.Item
          name="name"
          label={words.name}
          rules={[{ required: true, whitespace: true, message: words.nameMissing }]}
        >
          <Input count={counted(FACTS.longest.project)} autoFocus />
        </Form.Item>
        <Form.Item name="notes" label={words.notes}>
          <Input.TextArea rows={3} count={counted(FACTS.longest.notes)} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
