import { CloudUploadOutlined, PictureOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Empty, Select, Space, Tag, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { listTestRuns, startTestRun } from "../../api/inference";
import { listVersions } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { deploymentsQuery, servingOf } from "../projects/serving";
import { lowestThreshold } from "../projects/thresholds";
import { useProject } from "../projects/useProject";
import { ImagePicker } from "./ImagePicker";
import { TestResults } from "./TestResults";
import { TestUpload } from "./TestUpload";
import "./test.css";

const MOST_VERSIONS = 50;

/** Choose images, let a version look at them, judge what it says. */
export function TestPage(): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const [parameters, setParameters] = useSearchParams();
  const [imageIds, setImageIds] = useState<readonly string[]>([]);
  const [asked, setAsked] = useState<string | null>(null);
  const [dialog, setDialog] = useState<"pick" | "upload" | null>(null);
  const deployments = useQuery(deploymentsQuery(project.id));
  // Any version can be tested, promoted or not; it is loaded for the test.
  const versions = useQuery({
    queryKey: ["versions", project.id, MOST_VERSIONS],
    queryFn: () => listVersions(project.id, MOST_VERSIONS),
  });
  const runs = useQuery({
    queryKey: ["test-runs", project.id],
    queryFn: () => listTestRuns(project.id),
  });
  // Without a run in the address the newest one is shown, so that coming back finds the results.
  const runId = parameters.get("run") ?? runs.data?.items[0]?.id ?? null;
  const serving = deployments.data === undefined ? null : servingOf(deployments.data.items);
  const names = (versions.data?.items ?? []).flatMap(({ version: name }) => (name === null ? [] : [name]));
  const version = asked ?? serving ?? (deployments.isSuccess ? names[0] : undefined);
  const start = useMutation({
    mutationFn: (chosen: string) => startTestRun(project.id, imageIds, chosen, lowestThreshold(project.task)),
    onSuccess: async (run) => {
      setParameters({ run: run.id });
      setImageIds([]);
      await queries.invalidateQueries({ queryKey: ["test-runs", project.id] });
    },
  });
  const add = (ids: readonly string[]): void => setImageIds([...new Set([...imageIds, ...ids])]);

  const failed = [versions, deployments].find(({ isError }) => isError);
  if (failed?.error != null) {
    return <ProblemAlert error={failed.error} onRetry={() => void failed.refetch()} />;
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
              aria-label={words.train.version}
              onChange={setAsked}
              options={names.map((name) => ({
                value: name,
                label: name === serving ? words.test.servingVersion(name) : name,
              }))}
            />
            <Button
              type="primary"
              icon={<PlayCircleOutlined />}
              disabled={imageIds.length === 0 || version === undefined}
              loading={start.isPending}
              onClick={() => version !== undefined && start.mutate(version)}
            >
              {words.test.run}
            </Button>
          </Space>
        </div>
        <Typography.Text type="secondary">{words.test.advice}</Typography.Text>
        {start.isError && <ProblemAlert error={start.error} className="upload-problem" />}
      </Card>
      {runId === null && !runs.isPending ? (
        <Card className="empty-card">
          <Empty description={words.test.none} />
        </Card>
      ) : (
        runId !== null && <TestResults key={runId} runId={runId} />
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
