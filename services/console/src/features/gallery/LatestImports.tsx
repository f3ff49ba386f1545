import { Button, Table, Typography } from "antd";
import type { ReactNode } from "react";
import { isGoingOn, listImports, type ImportRun } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";

const REFRESH_MS = 3_000;
const PAGE_SIZE = 5;

interface Props {
  readonly projectId: string;
  readonly onOpen: (runId: string) => void;
}

/** The imports of a project, newest first; each opens its progress or its report. */
export function LatestImports({ projectId, onOpen }: Props): ReactNode {
  const words = useWords();
  const imports = usePage({
    key: ["imports", projectId],
    list: (page, size) => listImports(projectId, page, size),
    size: PAGE_SIZE,
    refreshMs: REFRESH_MS,
  });
  if (imports.error !== null) return <ProblemAlert error={imports.error} onRetry={imports.retry} />;
  if (imports.empty) return <Typography.Text type="secondary">{words.imports.none}</Typography.Text>;
  return (
    <Table<ImportRun>
      data-testid="latest-imports"
      size="small"
      title={() => words.imports.latest}
      rowKey="id"
      loading={imports.pending || imports.turning}
      dataSource={imports.items}
      pagination={{ ...imports.pager, hideOnSinglePage: true, showSizeChanger: false }}
      columns={[
        {
          title: words.imports.archive,
          key: "name",
          ellipsis: true,
          render: (_, { name }) => name || words.imports.byProgram,
        },
        { title: words.imports.begun, key: "created_at", render: (_, run) => time(run.created_at) },
        { title: words.imports.outcome, key: "state", render: (_, run) => outcome(run, words) },
        {
          key: "open",
          render: (_, run) => (
            <Button type="link" size="small" onClick={() => onOpen(run.id)}>
              {isGoingOn(run) ? words.imports.progress : words.imports.report}
            </Button>
          ),
        },
      ]}
    />
  );
}

function outcome(run: ImportRun, words: ReturnType<typeof useWords>): string {
  return run.state === "succeeded" ? words.imports.imported(run.imported, run.failed) : words.imports.states[run.state];
}
