import { DeleteOutlined, EditOutlined, InboxOutlined, MoreOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useState, type ReactNode } from "react";
import { changeProject, type Project } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { useMay } from "../../ui/useMay";
import { DeleteProjectDialog } from "./DeleteProjectDialog";
import { EditProjectDialog } from "./EditProjectDialog";
import { refreshProject } from "./refreshProject";

interface Props {
  readonly project: Project;
  readonly onDeleted?: () => void;
}

/** What can be done with a whole project; nothing where the reader's role may do none of it. */
export function ProjectMenu({ project, onDeleted }: Props): ReactNode {
  const { projects: words } = useWords();
  const may = useMay("engineer");
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const isArchived = project.archived_at !== null;
  const archiving = useMutation({
    mutationFn: () => changeProject(project.id, { archived: !isArchived }, project.version),
    onSuccess: async () => {
      void message.success(isArchived ? words.restored(project.name) : words.archivedNow(project.name));
      await refreshProject(queries, project.id);
    },
    onError: (error) => void message.error(error.message),
  });
  if (!may) return null;
  const close = (): void => setDialog(null);
  return (
    <>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            { key: "edit", icon: <EditOutlined />, label: words.edit, onClick: () => setDialog("edit") },
            {
              key: "archive",
              icon: <InboxOutlined />,
              label: isArchived ? words.restore : words.archive,
              title: isArchived ? "" : words.archiveHint,
              onClick: () => archiving.mutate(),
            },
            { key: "delete", danger: true, icon: <DeleteOutlined />, label: words.remove, onClick: () => setDialog("delete") },
          ],
        }}
      >
        <Button type="text" size="small" icon={<MoreOutlined />} aria-label={words.manage(project.name)} loading={archiving.isPending} />
      </Dropdown>
      {dialog === "edit" && <EditProjectDialog project={project} onClose={close} />}
      <DeleteProjectDialog
        project={project}
        open={dialog === "delete"}
        onClose={close}
        onDeleted={() => {
          close();
          onDeleted?.();
        }}
      />
    </>
  );
}
