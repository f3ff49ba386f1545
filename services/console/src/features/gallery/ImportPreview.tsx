import { Alert, Radio, Typography } from "antd";
import type { ReactNode } from "react";
import { isGoingOn, type ImportReport, type ImportRun, type OnConflict } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { ImportProgress } from "./ImportProgress";
import { ImportDetails } from "./ImportReport";

const CHOICES: readonly OnConflict[] = ["keep", "replace", "merge"];

/** The dry run on its way: sent, worked on, then told of. */
interface Look {
  readonly share: number;
  readonly run: ImportRun | undefined;
  readonly report: ImportReport | undefined;
  readonly error: Error | null;
  readonly retry: () => void;
}

interface Props {
  readonly name: string;
  readonly look: Look;
  readonly onConflict: OnConflict;
  readonly onChoose: (onConflict: OnConflict) => void;
}

/** What an import would do, under the chosen rule for what a person has drawn. */
export function ImportPreview({ name, look, onConflict, onChoose }: Props): ReactNode {
  const words = useWords();
  return (
    <div className="import-report" data-testid="import-preview">
      <Typography.Text strong>{name}</Typography.Text>
      <div>
        <div className="import-heading">{words.imports.conflict}</div>
        <Radio.Group
          className="import-choice"
          value={onConflict}
          onChange={(event) => onChoose(event.target.value as OnConflict)}
        >
          {CHOICES.map((one) => (
            <Radio key={one} value={one}>
              {words.imports.onConflict[one].name}
              <span className="import-about">{words.imports.onConflict[one].about}</span>
            </Radio>
          ))}
        </Radio.Group>
      </div>
      <Would {...look} />
    </div>
  );
}

function Would({ share, run, report, error, retry }: Look): ReactNode {
  const words = useWords();
  if (error !== null) return <ProblemAlert error={error} onRetry={retry} />;
  const isOver = run !== undefined && !isGoingOn(run);
  if (!isOver || (run.has_report && report === undefined)) return <ImportProgress share={share} run={run} />;
  const failed = run.state !== "succeeded";
  return (
    <>
      {failed && <Alert showIcon type="error" title={words.imports.nothingToTake} description={run.error} />}
      {report !== undefined && !failed && (
        <Alert
          showIcon
          type={report.failed === 0 ? "info" : "warning"}
          title={words.imports.would(readable(report), report.failed)}
          description={words.imports.nothingYet}
        />
      )}
      {report !== undefined && <ImportDetails report={report} />}
    </>
  );
}

function readable({ entries }: ImportReport): number {
  return entries.filter(({ status }) => status === "readable").length;
}
