import { UndoOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Empty, Popover, Skeleton } from "antd";
import { useState, type ReactNode } from "react";
import { listDeletedLabels, restoreLabel } from "../../api/annotation";
import type { Workbook } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useRefusal } from "../../ui/useRefusal";

interface Props {
  readonly projectId: string;
  readonly book: Workbook;
}

/** The labels that were deleted, each with its way back. */
export function DeletedLabels({ projectId, book }: Props): ReactNode {
  const words = useWords();
  const [open, setOpen] = useState(false);
  return (
    <Popover
      trigger="click"
      open={open}
      onOpenChange={setOpen}
      placement="left"
      title={words.editor.deletedLabels}
      destroyOnHidden
      content={<List projectId={projectId} book={book} />}
    >
      <Button
        type="text"
        size="small"
        icon={<UndoOutlined />}
        title={words.editor.deletedLabels}
        aria-label={words.editor.deletedLabels}
      />
    </Popover>
  );
}

function List({ projectId, book }: Props): ReactNode {
  const words = useWords();
  const deleted = useQuery({
    queryKey: ["deleted-labels", projectId],
    queryFn: () => listDeletedLabels(projectId),
    staleTime: 0,
  });
  if (deleted.isError) return <ProblemAlert error={deleted.error} onRetry={() => void deleted.refetch()} />;
  if (deleted.data === undefined) return <Skeleton active className="deleted-labels" />;
  const { items } = deleted.data;
  if (items.length === 0) return <Empty className="deleted-labels" description={words.editor.noDeletedLabel} />;
  return (
    <ul className="changes deleted-labels">
      {items.map((label) => (
        <li key={label.id}>
          <div>
            <strong>{label.name}</strong>
            <br />
            <span className="secondary">
              {time(label.deleted_at)} {label.deleted_by} · {words.editor.onImages(label.images)}
            </span>
          </div>
          <RestoreLabel projectId={projectId} label={label} book={book} />
        </li>
      ))}
    </ul>
  );
}

interface RestoreProps extends Props {
  readonly label: { readonly id: string; readonly name: string };
  readonly onDone?: () => void;
}

/** Brings a deleted label back, and with it its shapes, in the images that are open, too. */
export function RestoreLabel({ projectId, label, book, onDone }: RestoreProps): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const refusal = useRefusal("POST /api/annotation/projects/{project_id}/labels/{label_id}:restore");
  const restoring = useMutation({
    mutationFn: () => restoreLabel(projectId, label.id),
    onSuccess: async () => {
      book.doubt();
      onDone?.();
      void message.success(words.editor.labelRestored(label.name));
      const stale = ["labels", "deleted-labels", "images", "annotation", "annotation-summary"];
      await Promise.all(stale.map((key) => queries.invalidateQueries({ queryKey: [key, projectId] })));
    },
    onError: (error) => void message.error(error.message),
  });
  return (
    <Button
      size="small"
      loading={restoring.isPending}
      disabled={refusal !== ""}
      title={refusal}
      aria-label={`${words.editor.undoDelete}: ${label.name}`}
      onClick={() => restoring.mutate()}
    >
      {words.editor.undoDelete}
    </Button>
  );
}
