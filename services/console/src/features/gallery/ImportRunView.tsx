import { Alert, Button, Flex, Skeleton, Space, Typography } from "antd";
import type { ReactNode } from "react";
import { isGoingOn, type ImportReport, type ImportRun } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { ImportProgress } from "./ImportProgress";
import { ImportDetails, ImportOutcome, ImportUndo } from "./ImportReport";
import { useImportCancel, useImportRun } from "./useImport";

interface Props {
  readonly projectId: string;
  readonly runId: string;
  readonly onBack: () => void;
}

/** One import: its progress while it goes on, then what came of it. */
export function ImportRunView({ projectId, runId, onBack }: Props): ReactNode {
  const words = useWords();
  const { run, report, error, retry } = useImportRun(projectId, runId);
  return (
    <div className="import-report" data-testid="import-run">
      {run !== undefined && <Typography.Text strong>{run.name}</Typography.Text>}
      {error !== null ? (
        <ProblemAlert error={error} onRetry={retry} />
      ) : run === undefined || (run.has_report && report === undefined) ? (
        <Skeleton active paragraph={{ rows: 3 }} />
      ) : isGoingOn(run) ? (
        <GoingOn projectId={projectId} run={run} />
      ) : (
        <Ended projectId={projectId} run={run} report={report} />
      )}
      <Flex justify="end">
        <Button onClick={onBack}>{words.imports.toList}</Button>
      </Flex>
    </div>
  );
}

function GoingOn({ projectId, run }: { readonly projectId: string; readonly run: ImportRun }): ReactNode {
  const words = useWords();
  const { mutate, isPending, error } = useImportCancel(projectId, run.id);
  return (
    <>
      <ImportProgress run={run} />
      <Typography.Text type="secondary">{words.imports.goesOn}</Typography.Text>
      {error !== null && <ProblemAlert error={error} />}
      <Space>
        <Button danger loading={isPending} onClick={() => mutate()}>
          {words.imports.stop}
        </Button>
      </Space>
    </>
  );
}

interface EndedProps {
  readonly projectId: string;
  readonly run: ImportRun;
  readonly report: ImportReport | undefined;
}

function Ended({ projectId, run, report }: EndedProps): ReactNode {
  const words = useWords();
  if (run.state === "succeeded" && report !== undefined) {
    return <ImportOutcome projectId={projectId} report={report} />;
  }
  const { stage, figures } = run.progress;
  const stored = stage === "storing" ? (figures?.["done"] ?? 0) : 0;
  const undo = (report === undefined ? stored > 0 : report.import_id !== "") && <ImportUndo projectId={projectId} importId={run.id} />;
  if (run.state === "cancelled") {
    return (
      <>
        <Alert showIcon type="warning" title={words.imports.stopped(report === undefined ? stored : written(report))} />
        {undo}
        {report !== undefined && <ImportDetails report={report} />}
      </>
    );
  }
  return (
    <>
      <Alert showIcon type="error" title={words.imports.states.failed} description={run.error} />
      {undo}
      {report !== undefined && <ImportDetails report={report} />}
    </>
  );
}

function written({ counts }: ImportReport): number {
  return counts.new + counts.replaced + counts.merged;
}
