import { DownloadOutlined } from "@ant-design/icons";
import { Button, Select, Space, Typography } from "antd";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { SAMPLE_FORMATS, saveExport, type SampleFormat } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";

/** A choice of formats, and the project's annotations as an archive of it. */
export function AnnotationExport({ projectId }: { readonly projectId: string }): ReactNode {
  const words = useWords();
  const [format, setFormat] = useState<SampleFormat>("coco");
  const { mutate, isPending, error } = useMutation({ mutationFn: () => saveExport(projectId, format) });
  return (
    <>
      <Space wrap>
        <Select<SampleFormat>
          style={{ minWidth: 180 }}
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
    </>
  );
}
