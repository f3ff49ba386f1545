import { Alert, Radio, Space, Spin, Typography } from "antd";
import type { ReactNode } from "react";
import type { ImportReport, OnConflict } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { ImportDetails } from "./ImportReport";

const CHOICES: readonly OnConflict[] = ["keep", "replace", "merge"];

interface Props {
  readonly name: string;
  /** The report of the dry run; undefined while it is being made. */
  readonly report: ImportReport | undefined;
  readonly error: Error | null;
  readonly onRetry: () => void;
  readonly onConflict: OnConflict;
  readonly onChoose: (onConflict: OnConflict) => void;
}

/** What an import would do, under the chosen rule for what a person has drawn. */
export function ImportPreview({ name, report, error, onRetry, onConflict, onChoose }: Props): ReactNode {
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
      {error !== null ? (
        <ProblemAlert error={error} onRetry={onRetry} />
      ) : report === undefined ? (
        <Space>
          <Spin size="small" />
          {words.imports.reading}
        </Space>
      ) : (
        <>
          <Alert
            showIcon
            type={report.failed === 0 ? "info" : "warning"}
            title={words.imports.would(readable(report), report.failed)}
            description={words.imports.nothingYet}
          />
          <ImportDetails report={report} />
        </>
      )}
    </div>
  );
}

function readable({ entries }: ImportReport): number {
  return entries.filter(({ status }) => status === "readable").length;
}
