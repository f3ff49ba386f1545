import { FileZipOutlined } from "@ant-design/icons";
import { Button, Flex, Progress, Space, Spin, Upload } from "antd";
import { useState, type ReactNode } from "react";
import type { OnConflict } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { ImportPreview } from "./ImportPreview";
import { ImportOutcome } from "./ImportReport";
import { SampleArchives } from "./SampleArchives";
import { useDryRun, useImport, type Pick } from "./useImport";

interface Props {
  readonly onClose: () => void;
}

/** Step two of "images with annotations": one zip, told what it would do, then imported. */
export function AnnotationUpload({ onClose }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const { last, share, start } = useImport(project.id);
  const [pick, setPick] = useState<Pick | null>(null);
  if (last?.status === "pending") return <Importing share={share} onClose={onClose} />;
  const failed = last?.status === "error" && <ProblemAlert error={last.error} className="upload-problem" />;
  if (pick !== null) {
    return (
      <Picked
        pick={pick}
        problem={last?.variables?.archive === pick.archive && failed}
        onChoose={(onConflict) => setPick({ ...pick, onConflict })}
        onBack={() => setPick(null)}
        onImport={() => start(pick.archive, pick.onConflict, () => setPick(null))}
      />
    );
  }
  return (
    <>
      <div className="advice">
        <ul>
          {words.gallery.archiveRules.map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ul>
      </div>
      <Upload.Dragger
        accept=".zip"
        showUploadList={false}
        beforeUpload={(archive) => {
          setPick({ archive, number: Date.now(), onConflict: "keep" });
          return Upload.LIST_IGNORE;
        }}
      >
        <FileZipOutlined className="drop-icon" />
        <div>{words.gallery.dropArchive}</div>
      </Upload.Dragger>
      {failed}
      {last?.data !== undefined && <ImportOutcome projectId={project.id} report={last.data} />}
      <Flex justify="space-between" className="import-actions">
        <SampleArchives />
        <Button type="primary" onClick={onClose}>
          {words.common.done}
        </Button>
      </Flex>
    </>
  );
}

interface PickedProps {
  readonly pick: Pick;
  /** Why the import of this very archive failed. */
  readonly problem: ReactNode;
  readonly onChoose: (onConflict: OnConflict) => void;
  readonly onBack: () => void;
  readonly onImport: () => void;
}

/** An archive before its import: what it would do, and the choice of what happens to what is there. */
function Picked({ pick, problem, onChoose, onBack, onImport }: PickedProps): ReactNode {
  const words = useWords();
  const project = useProject();
  const dry = useDryRun(project.id, pick);
  return (
    <>
      <ImportPreview
        name={pick.archive.name}
        report={dry.data}
        error={dry.error}
        onRetry={() => void dry.refetch()}
        onConflict={pick.onConflict}
        onChoose={onChoose}
      />
      {problem}
      <Flex justify="end" className="import-actions">
        <Space>
          <Button onClick={onBack}>{words.imports.another}</Button>
          <Button
            type="primary"
            disabled={dry.data === undefined}
            onClick={onImport}
            data-testid="import-now"
          >
            {words.imports.start}
          </Button>
        </Space>
      </Flex>
    </>
  );
}

interface ImportingProps {
  /** The share of the archive that has gone out; null where another dialog began it. */
  readonly share: number | null;
  readonly onClose: () => void;
}

function Importing({ share, onClose }: ImportingProps): ReactNode {
  const words = useWords();
  const isSending = share !== null && share < 1;
  return (
    <div data-testid="importing">
      {isSending ? (
        <>
          {words.imports.sending}
          <Progress percent={Math.floor(share * 100)} status="active" />
        </>
      ) : (
        <Space>
          <Spin size="small" />
          {words.imports.importing}
        </Space>
      )}
      <Flex justify="end" className="import-actions">
        <Button onClick={onClose}>{words.imports.closeMeanwhile}</Button>
      </Flex>
    </div>
  );
}
