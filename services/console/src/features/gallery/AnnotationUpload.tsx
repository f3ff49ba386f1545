import { FileZipOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Progress, Table, Typography, Upload } from "antd";
import { useState, type ReactNode } from "react";
import { importAnnotations, type ImportedFile, type ImportReport } from "../../api/annotation";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";

/** Step two of "images with annotations": one zip, one report that names every file. */
export function AnnotationUpload(): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const [share, setShare] = useState(0);
  const sending = useMutation({
    mutationFn: (archive: File) =>
      importAnnotations(project.id, archive, setShare, new AbortController().signal),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["images", project.id] }),
        queries.invalidateQueries({ queryKey: ["labels", project.id] }),
        queries.invalidateQueries({ queryKey: ["annotation", project.id] }),
      ]),
  });
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
        disabled={sending.isPending}
        beforeUpload={(file) => {
          setShare(0);
          sending.mutate(file);
          return Upload.LIST_IGNORE;
        }}
      >
        <FileZipOutlined className="drop-icon" />
        <div>{words.gallery.dropArchive}</div>
      </Upload.Dragger>
      {sending.isPending && <Progress percent={Math.floor(share * 100)} status="active" />}
      {sending.isError && <ProblemAlert error={sending.error} className="upload-problem" />}
      {sending.data !== undefined && <Report report={sending.data} />}
    </>
  );
}

function Report({ report }: { readonly report: ImportReport }): ReactNode {
  const words = useWords();
  const notable = report.entries.filter(
    ({ status, warnings }) => status !== "imported" || warnings.length > 0,
  );
  return (
    <div className="import-report" data-testid="import-report">
      <Alert
        showIcon
        type={report.failed === 0 ? "success" : "warning"}
        title={words.gallery.imported(report.imported, report.failed)}
        description={
          report.new_labels.length > 0 && words.gallery.newLabels(report.new_labels.join(", "))
        }
      />
      {notable.length > 0 && (
        <Table<ImportedFile>
          size="small"
          rowKey={({ file, image_id: id }) => `${file} ${id ?? ""}`}
          dataSource={notable}
          pagination={{ pageSize: 5, hideOnSinglePage: true }}
          columns={[
            { title: words.gallery.file, dataIndex: "file", key: "file", ellipsis: true },
            {
              title: words.gallery.problem,
              key: "message",
              render: (_, { status, message, warnings }) => (
                <Typography.Text type={status === "failed" ? "danger" : "secondary"}>
                  {[message, ...warnings].filter((part) => part !== "").join("; ")}
                </Typography.Text>
              ),
            },
          ]}
        />
      )}
    </div>
  );
}
