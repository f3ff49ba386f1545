import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form, Input, InputNumber, Modal, Radio, Switch } from "antd";
import { useState, type ReactNode } from "react";
import { newId } from "../../api/ids";
import { createProject, TASKS, type NewProject, type Project, type Task } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { counted } from "../../ui/codePoints";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { FACTS } from "../../api/generated/facts";
import { mayTile } from "./rules";
import { useImageLimits } from "./useImageLimits";
import { TileGridPreview } from "./TileGridPreview";

interface Fields {
  readonly name: string;
  readonly task: Task;
  readonly notes?: string;
  readonly tiled: boolean;
  // A field of numbers can be emptied; the form is not sent so.
  readonly rows: number | null;
  readonly columns: number | null;
  readonly overlap: number | null;
}

interface Props {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onCreated: (project: Project) => void;
}

const START: Fields = {
  name: "",
  task: "detection",
  notes: "",
  tiled: false,
  rows: 2,
  columns: 2,
  overlap: 0,
};

function asked(fields: Fields): NewProject {
  const { rows, columns, overlap } = fields;
  const whole = !fields.tiled || !mayTile(fields.task) || rows === null || columns === null;
  return {
    name: fields.name.trim(),
    task: fields.task,
    notes: fields.notes ?? "",
    tiling: whole ? null : { rows, columns, overlap_px: overlap ?? 0 },
  };
}

export function CreateProjectDialog({ open, onClose, onCreated }: Props): ReactNode {
  const words = useWords();
  const [form] = Form.useForm<Fields>();
  const [attemptKey, setAttemptKey] = useState(newId);
  const queries = useQueryClient();
  const creation = useMutation({
    mutationFn: (fields: Fields) => createProject(asked(fields), attemptKey),
    onSuccess: async (project) => {
      await queries.invalidateQueries({ queryKey: ["projects"] });
      onCreated(project);
    },
    // Another attempt is another request; only a repeat of the same one may share its key.
    onError: () => setAttemptKey(newId()),
  });
  return (
    <Modal
      open={open}
      title={words.projects.createTitle}
      okText={words.common.ok}
      cancelText={words.common.cancel}
      onOk={() => form.submit()}
      onCancel={onClose}
      confirmLoading={creation.isPending}
      width={720}
      style={{ top: 40 }}
      destroyOnHidden
      afterClose={() => {
        form.resetFields();
        creation.reset();
      }}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        initialValues={START}
        onFinish={(fields) => creation.mutate(fields)}
        className="create-form"
      >
        {creation.isError && <ProblemAlert error={creation.error} className="create-problem" />}
        <Form.Item
          name="name"
          label={words.projects.name}
          rules={[{ required: true, whitespace: true, message: words.projects.nameMissing }]}
        >
          <Input count={counted(FACTS.longest.project)} autoFocus data-testid="project-name" />
        </Form.Item>
        <Form.Item name="task" label={words.projects.task}>
          <TaskChoice />
        </Form.Item>
        <Form.Item name="notes" label={words.projects.notes}>
          <Input.TextArea rows={2} count={counted(FACTS.longest.notes)} />
        </Form.Item>
        <TilingFields />
      </Form>
    </Modal>
  );
}

interface ChoiceProps {
  readonly value?: Task;
  readonly onChange?: (task: Task) => void;
}

function TaskChoice({ value, onChange }: ChoiceProps): ReactNode {
  const words = useWords();
  return (
    <Radio.Group
      className="task-choice"
      value={value}
      onChange={(event) => onChange?.(event.target.value as Task)}
    >
      {TASKS.map((task) => (
        <Radio key={task} value={task} className="task-option">
          <span className="task-name">{words.tasks[task].name}</span>
          <span className="task-about">{words.tasks[task].about}</span>
        </Radio>
      ))}
    </Radio.Group>
  );
}

function TilingFields(): ReactNode {
  const words = useWords();
  const form = Form.useFormInstance<Fields>();
  const task = Form.useWatch("task", form);
  const tiled = Form.useWatch("tiled", form);
  const rows = Form.useWatch("rows", { form, preserve: true });
  const columns = Form.useWatch("columns", { form, preserve: true });
  const allowed = mayTile(task);
  const limits = useImageLimits();
  const number = [{ required: true, message: words.projects.numberMissing }];
  return (
    <>
      <Form.Item
        label={words.projects.tiling}
        extra={allowed ? words.projects.tilingHelp : words.projects.tilingRefused}
      >
        <Form.Item
          name="tiled"
          valuePropName="checked"
          getValueProps={(value: boolean) => ({ checked: allowed && value })}
          noStyle
        >
          <Switch disabled={!allowed} data-testid="tiling" aria-label={words.projects.tiling} />
        </Form.Item>
      </Form.Item>
      {allowed && tiled && (
        <div className="tiling-fields">
          <div className="tiling-numbers">
            <Form.Item name="rows" label={words.projects.rows} rules={number}>
              <InputNumber min={1} max={limits?.max_grid ?? Infinity} precision={0} />
            </Form.Item>
            <Form.Item name="columns" label={words.projects.columns} rules={number}>
              <InputNumber min={1} max={limits?.max_grid ?? Infinity} precision={0} />
            </Form.Item>
            <Form.Item
              name="overlap"
              label={words.projects.overlap}
              tooltip={words.projects.overlapHelp}
              rules={number}
            >
              <InputNumber min={0} max={limits?.max_overlap_px ?? Infinity} precision={0} />
            </Form.Item>
          </div>
          <TileGridPreview rows={rows} columns={columns} />
        </div>
      )}
    </>
  );
}
