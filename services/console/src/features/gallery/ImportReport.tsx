import { Alert, Button, Statistic, Table, Typography } from "antd";
import type { ReactNode } from "react";
import type { ImportCounts, ImportedFile, ImportReport } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { drawnBefore, notable, type DrawnRow } from "./importRows";
import { useImportUndo } from "./useImport";

interface OutcomeProps {
  readonly projectId: string;
  readonly report: ImportReport;
}

/** What an import did, with its undo. */
export function ImportOutcome({ projectId, report }: OutcomeProps): ReactNode {
  const words = useWords();
  return (
    <div className="import-report" data-testid="import-report">
      <Alert
        showIcon
        type={report.failed === 0 ? "success" : "warning"}
        title={words.imports.imported(report.imported, report.failed)}
      />
      {report.import_id !== "" && <ImportUndo projectId={projectId} importId={report.import_id} />}
      <ImportDetails report={report} />
    </div>
  );
}

interface UndoProps {
  readonly projectId: string;
  readonly importId: string;
}

/** Takes an import back, and says what came of that. */
export function ImportUndo({ projectId, importId }: UndoProps): ReactNode {
  const words = useWords();
  const { last, undo } = useImportUndo(projectId, importId);
  if (last?.data !== undefined) {
    const { restored, cleared, left } = last.data;
    return (
      <Alert
        showIcon
        type={left === 0 ? "success" : "warning"}
        title={words.imports.undone(restored, cleared)}
        description={left > 0 && words.imports.undoneLeft(left)}
      />
    );
  }
  return (
    <>
      {last?.status === "error" && <ProblemAlert error={last.error} />}
      <div>
        <Button loading={last?.status === "pending"} onClick={undo}>
          {words.imports.undo}
        </Button>
      </div>
    </>
  );
}

/** Counts, what was drawn there before, new labels, and every file that has something to tell. */
export function ImportDetails({ report }: { readonly report: ImportReport }): ReactNode {
  const words = useWords();
  return (
    <>
      {report.pictures > 0 && (
        <Alert showIcon type="info" data-testid="import-pictures" title={words.imports.pictures(report.pictures)} />
      )}
      <Counts counts={report.counts} />
      <Before rows={drawnBefore(report)} />
      {report.new_labels.length > 0 && <div>{words.imports.newLabels(report.new_labels.join(", "))}</div>}
      <NotableFiles files={notable(report)} />
    </>
  );
}

const COUNTED = ["new", "replaced", "merged", "kept", "unchanged", "negatives", "unmatched"] as const;

function Counts({ counts }: { readonly counts: ImportCounts }): ReactNode {
  const words = useWords();
  return (
    <div className="import-counts">
      {COUNTED.map((name) => (
        <div key={name} data-testid={`import-${name}`}>
          <Statistic
            title={
              <>
                {words.imports.counts[name]}{" "}
                <HelpTip title={words.imports.counts[name]} text={words.imports.countsHelp[name]} />
              </>
            }
            value={counts[name]}
          />
          {name === "replaced" && counts.replaced > 0 && (
            <span className="import-note">{words.imports.theirObjects(counts.replaced_shapes)}</span>
          )}
        </div>
      ))}
    </div>
  );
}

function Before({ rows }: { readonly rows: readonly DrawnRow[] }): ReactNode {
  const words = useWords();
  if (rows.length === 0) return null;
  return (
    <Table<DrawnRow>
      size="small"
      title={() => words.imports.before}
      rowKey={({ author, byHand, action }) => `${action} ${String(byHand)} ${author}`}
      dataSource={rows}
      pagination={{ pageSize: 5, hideOnSinglePage: true }}
      columns={[
        {
          title: words.imports.author,
          key: "author",
          render: (_, { author, byHand }) => (byHand ? words.imports.byHand(author) : words.imports.byImport(author)),
        },
        { title: words.imports.images, dataIndex: "images", key: "images" },
        { title: words.imports.objects, dataIndex: "objects", key: "objects" },
        { title: words.imports.outcome, key: "action", render: (_, { action }) => words.imports.actions[action] },
      ]}
    />
  );
}

function NotableFiles({ files }: { readonly files: readonly ImportedFile[] }): ReactNode {
  const words = useWords();
  if (files.length === 0) return null;
  return (
    <Table<ImportedFile>
      size="small"
      rowKey={({ file, image_id: id }) => `${file} ${id ?? ""}`}
      dataSource={files}
      pagination={{ pageSize: 5, hideOnSinglePage: true }}
      columns={[
        { title: words.imports.file, dataIndex: "file", key: "file", ellipsis: true },
        {
          title: words.imports.problem,
          key: "message",
          render: (_, { status, message, warnings }) => (
            <Typography.Text type={status === "failed" ? "danger" : "secondary"}>
              {[message, ...warnings].filter((part) => part !== "").join("; ")}
            </Typography.Text>
          ),
        },
      ]}
    />
  );
}
