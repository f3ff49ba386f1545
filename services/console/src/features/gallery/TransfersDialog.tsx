import { Modal } from "antd";
import { useState, type ReactNode } from "react";
import { useWords } from "../../i18n/language";
import { useProject } from "../projects/useProject";
import { AnnotationExport } from "./AnnotationExport";
import { ImportRunView } from "./ImportRunView";
import { LatestImports } from "./LatestImports";

/** Annotations on their way out and in: a download in any format, and the reports of imports. */
export function TransfersDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const words = useWords();
  const project = useProject();
  const [runId, setRunId] = useState("");
  return (
    <Modal open width={720} style={{ top: 40 }} title={words.imports.transfers} footer={null} onCancel={onClose}>
      {runId === "" ? (
        <div className="import-report">
          <div>
            <div className="import-heading">{words.imports.export}</div>
            <AnnotationExport projectId={project.id} />
          </div>
          <LatestImports projectId={project.id} onOpen={setRunId} />
        </div>
      ) : (
        <ImportRunView projectId={project.id} runId={runId} onBack={() => setRunId("")} />
      )}
    </Modal>
  );
}
