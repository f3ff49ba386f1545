import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Empty, Form, Radio, Select, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { startExport, type ExportTarget } from "../../api/inference";
import { listVersions, VERSIONS_LIMIT } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";

const TARGETS: readonly ExportTarget[] = ["sdk", "onnx", "onnx-int8"];

/** Choose a version and what is made of it. */
export function StartExportCard(): ReactNode {
  const words = useWords();
  const project = useProject();
  const versions = useQuery({
    queryKey: ["versions", project.id],
    queryFn: () => listVersions(project.id, VERSIONS_LIMIT),
  });
  const found = versions.data?.items ?? [];
  return (
    <Card
      loading={versions.isPending}
      title={
        <>
          {words.download.make} <HelpTip title={words.download.make} text={words.download.makeHelp} />
        </>
      }
    >
      {versions.isError && <ProblemAlert error={versions.error} onRetry={() => void versions.refetch()} />}
      {versions.isSuccess && found.length === 0 && <Empty description={words.download.noVersions} />}
      {found.length > 0 && (
        <ExportForm
          versions={found.map(({ version, average_detection_rate: rate }) => ({
            value: version ?? "",
            label: rate === null ? version : `${version} · ${percent(rate)}`,
          }))}
        />
      )}
    </Card>
  );
}

interface Props {
  /** Newest first. */
  readonly versions: readonly { readonly value: string; readonly label: ReactNode }[];
}

function ExportForm({ versions }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const [version, setVersion] = useState(versions[0]?.value ?? "");
  const [target, setTarget] = useState<ExportTarget>("sdk");
  const starting = useMutation({
    mutationFn: () => startExport(project.id, version, target),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["exports", project.id] }),
  });
  return (
    <Form layout="vertical" className="export-form" onFinish={() => starting.mutate()}>
      <Form.Item label={words.download.version}>
        <Select
          aria-label={words.download.chooseVersion}
          className="export-version"
          options={[...versions]}
          value={version}
          onChange={setVersion}
        />
      </Form.Item>
      <Form.Item label={words.download.target}>
        <Radio.Group
          optionType="button"
          options={TARGETS.filter((value) => value !== "onnx-int8" || project.task !== "ocr").map((value) => ({ value, label: words.download.targets[value] }))}
          value={target}
          onChange={(event) => setTarget(event.target.value as ExportTarget)}
        />
        <Typography.Paragraph type="secondary" className="export-about">
          {words.download.targetHelp[target]}
        </Typography.Paragraph>
      </Form.Item>
      {starting.isError && <ProblemAlert error={starting.error} />}
      <Button type="primary" htmlType="submit" loading={starting.isPending}>
        {words.download.start}
      </Button>
    </Form>
  );
}
