import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Popover } from "antd";
import { useState, type ReactNode } from "react";
import { deleteLabel, summariseAnnotations, type Label } from "../../api/annotation";
import { FACTS } from "../../api/generated/facts";
import type { Workbook } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { useMay } from "../../ui/useMay";
import { RestoreLabel } from "./DeletedLabels";
import { LabelForm } from "./LabelForm";
import { withLabel } from "./platform";

interface Props {
  readonly projectId: string;
  readonly label: Label;
  /** All of the project. */
  readonly labels: readonly Label[];
  readonly book: Workbook;
  /** The label has this name now, or none any more. */
  readonly onChanged: (name: string | null) => void;
}

const UNDO_S = 10;

/** Change and delete a label where it stands; what is open follows at once, the rest by the platform. */
export function LabelActions({ projectId, label, labels, book, onChanged }: Props): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const { modal, message, notification } = App.useApp();
  const [open, setOpen] = useState(false);
  const changed = async (name: string | null): Promise<void> => {
    setOpen(false);
    book.relabel(withLabel(label.name, name));
    onChanged(name);
    await queries.invalidateQueries({ queryKey: ["labels", projectId] });
    await queries.invalidateQueries({ queryKey: ["images", projectId] });
    await queries.invalidateQueries({ queryKey: ["deleted-labels", projectId] });
  };
  const offerUndo = (): void => {
    const key = `deleted ${label.id}`;
    const actions = (
      <RestoreLabel projectId={projectId} label={label} book={book} onDone={() => notification.destroy(key)} />
    );
    notification.success({ key, title: words.editor.labelDeleted(label.name), actions, duration: UNDO_S, placement: "bottomRight" });
  };
  const may = useMay(FACTS.least_roles["DELETE /api/annotation/projects/{project_id}/labels/{label_id}"]);
  const deleting = useMutation({
    mutationFn: () => deleteLabel(projectId, label),
    onSuccess: async () => {
      offerUndo();
      await changed(null);
    },
    onError: (error) => void message.error(error.message),
  });
  const askToDelete = async (): Promise<void> => {
    const sure = await modal.confirm({
      title: words.editor.deleteLabel(label.name),
      content: <Consequence projectId={projectId} name={label.name} />,
      okText: words.common.delete,
      cancelText: words.common.cancel,
      okButtonProps: { danger: true },
    });
    if (sure) deleting.mutate();
  };
  if (!may) return null;
  return (
    <>
      <Popover
        trigger="click"
        open={open}
        onOpenChange={setOpen}
        placement="left"
        title={words.editor.changeLabel}
        destroyOnHidden
        content={<LabelForm projectId={projectId} label={label} labels={labels} onSaved={changed} />}
      >
        <button
          type="button"
          className={open ? "row-icon row-icon-on" : "row-icon"}
          title={words.editor.changeLabel}
          aria-label={`${words.editor.changeLabel}: ${label.name}`}
        >
          <EditOutlined />
        </button>
      </Popover>
      <button
        type="button"
        className="row-icon"
        title={words.common.delete}
        aria-label={`${words.common.delete}: ${label.name}`}
        onClick={() => void askToDelete()}
      >
        <DeleteOutlined />
      </button>
    </>
  );
}

function Consequence({ projectId, name }: { readonly projectId: string; readonly name: string }): ReactNode {
  const words = useWords();
  const summary = useQuery({
    queryKey: ["annotation-summary", projectId],
    queryFn: () => summariseAnnotations(projectId),
    staleTime: 0,
  });
  return (
    <>
      {summary.data !== undefined && words.editor.shapesOfLabel(summary.data.shapes[name] ?? 0)}{" "}
      {words.editor.deleteLabelHint}
    </>
  );
}
