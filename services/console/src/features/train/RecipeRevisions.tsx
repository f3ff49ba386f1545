import { useQuery } from "@tanstack/react-query";
import { Button, Modal, Table } from "antd";
import { useState, type ReactNode } from "react";
import { listRecipeRevisions, type RecipeRevision } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { changes } from "./recipe";
import type { RecipeDesk } from "./useRecipe";

/** What the project's recipe was before: who set it, when, and a way to take it up again. */
export function RecipeRevisions({ desk }: { readonly desk: RecipeDesk }): ReactNode {
  const { recipe: words } = useWords();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button type="link" size="small" onClick={() => setOpen(true)}>
        {words.revisions}
      </Button>
      <Modal open={open} title={words.revisions} footer={null} onCancel={() => setOpen(false)} width={760} destroyOnHidden>
        <Revisions desk={desk} onTaken={() => setOpen(false)} />
      </Modal>
    </>
  );
}

interface Props {
  readonly desk: RecipeDesk;
  readonly onTaken: () => void;
}

const SHOWN = 8;

function Revisions({ desk, onTaken }: Props): ReactNode {
  const { recipe: words, train } = useWords();
  const project = useProject();
  const listed = useQuery({
    queryKey: ["recipe-revisions", project.id],
    queryFn: () => listRecipeRevisions(project.id),
  });
  const defaults = desk.stored?.defaults;
  if (listed.isError) return <ProblemAlert error={listed.error} onRetry={() => void listed.refetch()} />;
  return (
    <Table<RecipeRevision>
      rowKey="number"
      size="small"
      loading={listed.isPending}
      dataSource={listed.data?.items ?? []}
      pagination={{ pageSize: SHOWN, showSizeChanger: false, hideOnSinglePage: true }}
      columns={[
        { title: words.revision, dataIndex: "number", width: 80 },
        { title: train.promotedAt, key: "at", width: 170, render: (_, { at }) => time(at) },
        { title: train.promotedBy, dataIndex: "by", width: 130 },
        {
          title: words.differs,
          key: "recipe",
          render: (_, { recipe }) =>
            recipe === null || defaults === undefined
              ? words.sources.defaults
              : changes(recipe, defaults)
                  .map((field) => words.fields[field].name)
                  .join(words.comma),
        },
        {
          key: "take",
          width: 90,
          render: (_, { recipe }) => (
            <Button
              type="link"
              size="small"
              className="cell-link"
              onClick={() => {
                if (defaults !== undefined) desk.change(recipe ?? defaults);
                onTaken();
              }}
            >
              {words.take}
            </Button>
          ),
        },
      ]}
    />
  );
}
