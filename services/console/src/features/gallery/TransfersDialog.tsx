import { DownloadOutlined } from "@ant-design/icons";
import { Button, Modal, Select, Space, Typography } from "antd";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { SAMPLE_FORMATS, saveExport, type SampleFormat } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
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
          <Export projectId={project.id} />
          <LatestImports projectId={project.id} onOpen={setRunId} />
        </div>
      ) : (
        <ImportRunView projectId={project.id} runId={runId} onBack={() => setRunId("")} />
      )}
    </Modal>
  );
}

function Export({ projectId }: { readonly projectId: string }): ReactNode {
  const words = useWords();
  const [format, setFormat] = useState<SampleFormat>("coco");
  const { mutate, isPending, error } = useMutation({ mutationFn: () => saveExport(projectId, format) });
  return (
    <div>
      <div className="import-heading">{words.imports.export}</div>
      <Space wrap>
        <Select<SampleFormat>
          className="export-format"
          aria-label={words.imports.format}
          value={format}
          onChange={setFormat}
          options={SAMPLE_FORMATS.map((value) => ({ value, label: words.imports.formats[value] }))}
        />
        <Button type="primary" icon={<DownloadOutlined />} loading={isPending} onClick={() => mutate()}>
          {words.imports.download}
        </Button>
      </Space>
      <Typography.Paragraph type="secondary">{words.imports.exportReport}</Typography.Paragraph>
      {error !== null && <ProblemAlert error={error} onRetry={() => mutate()} />}
    </div>
  );
}
