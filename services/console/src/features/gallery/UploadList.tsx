import { CheckCircleFilled, CloseCircleFilled, CloseOutlined, InboxOutlined } from "@ant-design/icons";
import { Button, Progress, Typography, Upload } from "antd";
import type { ReactNode } from "react";
import { asProblem } from "../../api/problem";
import { useWords, type Words } from "../../i18n/language";
import { bytes } from "../../ui/format";
import { problemTitle } from "../../ui/ProblemAlert";
import { SUFFIXES } from "./limits";
import type { UploadEntry, UploadSummary } from "./uploadQueue";
import type { Uploads } from "./useUploads";
import "./gallery.css";

/** Rows drawn at once; the failed ones come first, so that none is hidden by a thousand good ones. */
const SHOWN_ROWS = 200;

interface Props {
  readonly uploads: Uploads;
  readonly summary: UploadSummary;
}

export function UploadList({ uploads, summary }: Props): ReactNode {
  const words = useWords();
  return (
    <>
      <Upload.Dragger
        multiple
        accept={SUFFIXES.join(",")}
        showUploadList={false}
        beforeUpload={(file, all) => {
          // Called once a file; the whole choice is taken with its first one.
          if (file === all[0]) uploads.add(all);
          return Upload.LIST_IGNORE;
        }}
      >
        <InboxOutlined className="drop-icon" />
        <div>{words.gallery.drop}</div>
        <Typography.Text type="secondary">{words.gallery.keepOpen}</Typography.Text>
      </Upload.Dragger>
      {summary.total > 0 && (
        <>
          <div className="upload-summary" data-testid="upload-summary">
            {summary.picked < summary.total && (
              <Progress
                percent={Math.floor(summary.share * 100)}
                status={progressStatus(summary)}
              />
            )}
            <div className="upload-summary-line">
              <Typography.Text type={summary.failed > 0 ? "danger" : "secondary"}>
                {summaryText(summary, words)}
              </Typography.Text>
              {summary.open === 0 && uploads.entries.some(mayRetry) && (
                <Button size="small" onClick={uploads.retry}>
                  {words.gallery.retryFailed}
                </Button>
              )}
            </div>
          </div>
          <ul className="upload-rows">
            {ordered(uploads.entries).map((entry) => (
              <UploadRow key={entry.id} entry={entry} onRemove={uploads.remove} />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What the rules refuse will be refused again. */
function mayRetry({ state, objection }: UploadEntry): boolean {
  return state === "failed" && objection === null;
}

function progressStatus({ open, done, failed }: UploadSummary): "active" | "exception" | "normal" | "success" {
  if (open > 0) return "active";
  if (failed === 0) return "success";
  return done === 0 ? "exception" : "normal";
}

function summaryText({ done, total, failed, picked, open }: UploadSummary, words: Words): string {
  return picked > 0 && open === 0 && done === 0
    ? words.gallery.pickedSummary(picked, failed)
    : words.gallery.uploadSummary(done, total, failed);
}

const ORDER = { failed: 0, sending: 1, waiting: 2, picked: 3, done: 4 } as const;

function ordered(entries: readonly UploadEntry[]): UploadEntry[] {
  return [...entries].sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.id - b.id).slice(0, SHOWN_ROWS);
}

function reason(entry: UploadEntry, words: Words): string {
  if (entry.objection !== null) return words.gallery.objections[entry.objection];
  const problem = asProblem(entry.error);
  const fields = problem.fields.map(({ message }) => message);
  return [problemTitle(problem, words), problem.detail, ...fields]
    .filter((part, place, all) => part !== "" && all.indexOf(part) === place)
    .join(" — ");
}

interface RowProps {
  readonly entry: UploadEntry;
  readonly onRemove: (id: number) => void;
}

function UploadRow({ entry, onRemove }: RowProps): ReactNode {
  const words = useWords();
  return (
    <li className={`upload-row upload-${entry.state}`}>
      <div className="upload-row-line">
        <span className="upload-name one-line" title={entry.file.name}>
          {entry.file.name}
        </span>
        <Typography.Text type="secondary">{bytes(entry.file.size)}</Typography.Text>
        {entry.known && (
          <Typography.Text type="secondary">
            {words.gallery.known(entry.image?.name ?? entry.file.name)}
          </Typography.Text>
        )}
        {entry.state === "done" && <CheckCircleFilled className="good" />}
        {entry.state === "failed" && <CloseCircleFilled className="bad" />}
        {entry.broken && <Typography.Text type="warning">{words.gallery.broken}</Typography.Text>}
        {entry.state === "picked" && (
          <Button
            type="text"
            size="small"
            icon={<CloseOutlined />}
            aria-label={words.gallery.leaveOut(entry.file.name)}
            onClick={() => onRemove(entry.id)}
          />
        )}
        {(entry.state === "sending" || entry.state === "waiting") && (
          <Progress
            percent={Math.floor(entry.progress * 100)}
            size="small"
            showInfo={false}
            className="upload-row-progress"
          />
        )}
      </div>
      {entry.state === "failed" && <div className="upload-reason">{reason(entry, words)}</div>}
    </li>
  );
}
