import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Input, Modal, Typography } from "antd";
import { useId, useState, type ReactNode } from "react";
import { summariseImages } from "../../api/gallery";
import { deleteProject, type Project } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";

interface Props {
  readonly project: Project;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** Deletes a whole project once its name was typed: no way leads back. */
export function DeleteProjectDialog({ project, open, onClose, onDeleted }: Props): ReactNode {
  const { projects: words, common } = useWords();
  const [typed, setTyped] = useState("");
  const field = useId();
  const queries = useQueryClient();
  const images = useQuery({
    queryKey: ["images", project.id, "summary"],
    queryFn: () => summariseImages(project.id),
    enabled: open,
  });
  const removal = useMutation({
    mutationFn: () => deleteProject(project.id),
    onSuccess: async () => {
      onDeleted();
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  const isSure = typed.trim() === project.name;
  const send = (): void => {
    if (isSure && !removal.isPending) removal.mutate();
  };
  return (
    <Modal
      open={open}
      title={words.removeTitle(project.name)}
      okText={words.remove}
      okButtonProps={{ danger: true, disabled: !isSure }}
      cancelText={common.cancel}
      confirmLoading={removal.isPending}
      onOk={send}
      onCancel={onClose}
      afterClose={() => {
        setTyped("");
        removal.reset();
      }}
      destroyOnHidden
    >
      {removal.isError && <ProblemAlert error={removal.error} className="create-problem" />}
      <Typography.Paragraph>{words.removeConsequence(images.data?.total ?? null)}</Typography.Paragraph>
      <Typography.Paragraph>
        <label htmlFor={field}>{words.typeName(project.name)}</label>
      </Typography.Paragraph>
      <Input
        id={field}
        autoFocus
        autoComplete="off"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onPressEnter={send}
      />
    </Modal>
  );
}
