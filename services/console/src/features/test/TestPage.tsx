import { CloudUploadOutlined, PictureOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Empty, Select, Space, Tag, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { listVersions } from "../../api/trainer";
import { startTestRun } from "../../api/inference";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { ImagePicker } from "./ImagePicker";
import { TestResults } from "./TestResults";
import { TestUpload } from "./TestUpload";

/** Kept low on purpose: the slider above the results hides what is below it without asking again. */
const LOWEST_THRESHOLD = 0.05;

/** Choose images, let a version look at them, judge what it says. */
export function TestPage(): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const [parameters, setParameters] = useSearchParams();
  const runId = parameters.get("run");
  const [imageIds, setImageIds] = useState<readonly string[]>([]);
  const [asked, setAsked] = useState<string | null>(null);
  const [dialog, setDialog] = useState<"pick" | "upload" | null>(null);
  const versions = useQuery({
    queryKey: ["versions", project.id],
    queryFn: () => listVersions(project.id),
  });
  const names = (versions.data?.items ?? []).map(({ version }) => version);
  const version = asked ?? names[0];
  const start = useMutation({
    mutationFn: () =>
      startTestRun(project.id, {
        image_ids: imageIds,
        threshold: LOWEST_THRESHOLD,
        ...(version === undefined ? {} : { version }),
      }),
    onSuccess: async (run) => {
      setParameters({ run: run.id });
      setImageIds([]);
      await queries.invalidateQueries({ queryKey: ["images", project.id] });
    },
  });
  const add = (ids: readonly string[]): void => setImageIds([...new Set([...imageIds, ...ids])]);

  if (versions.isError) {
    return <ProblemAlert error={versions.error} onRetry={() => void versions.refetch()} />;
  }
  if (versions.isSuccess && names.length === 0) {
    return (
      <Card className="empty-card">
        <Empty description={words.test.noVersion}>
          <Link to={`/projects/${project.id}/train`}>
            <Button type="primary">{words.report.goTrain}</Button>
          </Link>
        </Empty>
      </Card>
    );
  }
  return (
    <div className="stack">
      <Card>
        <div className="test-bar">
          <Space wrap>
            <Button icon={<CloudUploadOutlined />} onClick={() => setDialog("upload")}>
              {words.test.upload}
            </Button>
            <Button icon={<PictureOutlined />} onClick={() => setDialog("pick")}>
              {words.test.choose}
            </Button>
            {imageIds.length > 0 && (
              <Tag closable color="cyan" onClose={() => setImageIds([])} data-testid="test-chosen">
                {words.test.chosen(imageIds.length)}
              </Tag>
            )}
          </Space>
          <Space wrap>
            <Typography.Text>{words.train.version}</Typography.Text>
            <Select
              value={version ?? null}
              loading={versions.isPending}
              className="version-select"
              onChange={setAsked}
              options={names.map((name) => ({ value: name, label: name }))}
            />
            <Button
              type="primary"
              icon={<PlayCircleOutlined />}
              disabled={imageIds.length === 0}
              loading={start.isPending}
              onClick={() => start.mutate()}
            >
              {words.test.run}
            </Button>
          </Space>
        </div>
        <Typography.Text type="secondary">{words.test.advice}</Typography.Text>
        {start.isError && <ProblemAlert error={start.error} className="upload-problem" />}
      </Card>
      {runId === null ? (
        <Card className="empty-card">
          <Empty description={words.test.none} />
        </Card>
      ) : (
        <TestResults key={runId} runId={runId} />
      )}
      {dialog === "pick" && (
        <ImagePicker
          onClose={() => setDialog(null)}
          onChosen={(ids) => {
            add(ids);
            setDialog(null);
          }}
        />
      )}
      {dialog === "upload" && (
        <TestUpload
          onClose={(ids) => {
            add(ids);
            setDialog(null);
          }}
        />
      )}
    </div>
  );
}
