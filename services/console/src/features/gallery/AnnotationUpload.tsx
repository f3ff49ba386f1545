import { FileZipOutlined } from "@ant-design/icons";
import { Button, Flex, Space, Upload } from "antd";
import { useState, type ReactNode } from "react";
import type { OnConflict } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { ImportPreview } from "./ImportPreview";
import { ImportRunView } from "./ImportRunView";
import { LatestImports } from "./LatestImports";
import { SampleArchives } from "./SampleArchives";
import { useImport, useLook, type Pick } from "./useImport";

interface Props {
  readonly onClose: () => void;
}

/** Step two of "images with annotations": one zip, told what it would do, then imported. */
export function AnnotationUpload({ onClose }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const [pick, setPick] = useState<Pick | null>(null);
  const [runId, setRunId] = useState("");
  if (runId !== "") {
    return (
      <>
        <ImportRunView projectId={project.id} runId={runId} onBack={() => setRunId("")} />
        <Flex justify="end" className="import-actions">
          <Button type="primary" onClick={onClose}>
            {words.common.done}
          </Button>
        </Flex>
      </>
    );
  }
  if (pick !== null) {
    return (
      <Picked
        pick={pick}
        onChoose={(onConflict) => setPick({ ...pick, onConflict })}
        onBack={() => setPick(null)}
        onBegun={(begun) => {
          setPick(null);
          setRunId(begun);
        }}
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
      <div className="import-actions">
        <LatestImports projectId={project.id} onOpen={setRunId} />
      </div>
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
  readonly onChoose: (onConflict: OnConflict) => void;
  readonly onBack: () => void;
  readonly onBegun: (runId: string) => void;
}

/** An archive before its import: what it would do, and the choice of what happens to what is there. */
function Picked({ pick, onChoose, onBack, onBegun }: PickedProps): ReactNode {
  const words = useWords();
  const project = useProject();
  const look = useLook(project.id, pick);
  const { mutate, isPending, error } = useImport(project.id, ({ id }) => onBegun(id));
  const ready = look.run?.state === "succeeded" && look.report !== undefined ? look.run : undefined;
  return (
    <>
      <ImportPreview
        name={pick.archive.name}
        look={look}
        onConflict={pick.onConflict}
        onChoose={onChoose}
      />
      {error !== null && <ProblemAlert error={error} className="upload-problem" />}
      <Flex justify="end" className="import-actions">
        <Space>
          <Button onClick={onBack}>{words.imports.another}</Button>
          <Button
            type="primary"
            disabled={ready === undefined}
            loading={isPending}
            onClick={() => ready !== undefined && mutate({ look: ready, onConflict: pick.onConflict })}
            data-testid="import-now"
          >
            {words.imports.start}
          </Button>
        </Space>
      </Flex>
    </>
  );
}
