import { DeleteOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm } from "antd";
import type { ReactNode } from "react";
import { deleteImages } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { useRefusal } from "../../ui/useRefusal";

interface Props {
  readonly projectId: string;
  readonly chosen: readonly string[];
  readonly onDone: () => void;
}

/** Deletes what is chosen, once that was confirmed; it comes with the first choice. */
export function DeleteChosen({ projectId, chosen, onDone }: Props): ReactNode {
  const words = useWords();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const refusal = useRefusal("POST /api/gallery/projects/{project_id}/images:batch-delete");
  const deletion = useMutation({
    mutationFn: () => deleteImages(projectId, chosen),
    onSuccess: async () => {
      void message.success(words.gallery.deleted(chosen.length));
      onDone();
      await queries.invalidateQueries({ queryKey: ["images", projectId] });
    },
    onError: (error) => void message.error(error.message),
  });
  return (
    <Popconfirm
      title={words.gallery.deleteSure(chosen.length)}
      description={words.gallery.deleteConsequence}
      okText={words.common.delete}
      okButtonProps={{ danger: true }}
      disabled={refusal !== ""}
      onConfirm={() => deletion.mutate()}
    >
      <Button danger icon={<DeleteOutlined />} disabled={refusal !== ""} title={refusal} loading={deletion.isPending}>
        {words.gallery.deleteChosen(chosen.length)}
      </Button>
    </Popconfirm>
  );
}
