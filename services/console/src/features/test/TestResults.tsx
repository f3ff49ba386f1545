import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Card, Empty, Progress, Skeleton, Slider, Space, Switch, Tag, Typography } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { thumbnailPath } from "../../api/gallery";
import { getTestRun, isRunning, type TestedImage, type TestRun } from "../../api/inference";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { Thumbnail } from "../../ui/Thumbnail";
import { useProject } from "../projects/useProject";
import { TestedImageView } from "./TestedImageView";

const REFRESH_MS = 800;
const START_THRESHOLD = 0.3;

/** What one test run found, image by image, while it runs and after. */
export function TestResults({ runId }: { readonly runId: string }): ReactNode {
  const project = useProject();
  const queries = useQueryClient();
  const run = useQuery({
    queryKey: ["test-run", project.id, runId],
    queryFn: () => getTestRun(project.id, runId),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data === undefined || isRunning(state.data) ? REFRESH_MS : false,
  });
  const ended = run.data !== undefined && !isRunning(run.data);
  useEffect(() => {
    if (ended) void queries.invalidateQueries({ queryKey: ["images", project.id] });
  }, [ended, queries, project.id]);
  if (run.isError) return <ProblemAlert error={run.error} onRetry={() => void run.refetch()} />;
  if (run.data === undefined) {
    return (
      <Card>
        <Skeleton active paragraph={{ rows: 6 }} />
      </Card>
    );
  }
  return <Results run={run.data} />;
}

function Results({ run }: { readonly run: TestRun }): ReactNode {
  const words = useWords();
  const [threshold, setThreshold] = useState(START_THRESHOLD);
  const [confidence, setConfidence] = useState(true);
  const [opened, setOpened] = useState<string | null>(null);
  const current =
    run.results.find(({ image_id: id }) => id === opened) ?? run.results[0];
  const share = run.total === 0 ? 0 : run.done / run.total;
  return (
    <Card
      title={
        <Space>
          {words.test.results}
          <Tag color="cyan">{run.version}</Tag>
        </Space>
      }
      extra={<Typography.Text type="secondary">{words.test.progress(run.done, run.total)}</Typography.Text>}
    >
      {isRunning(run) && (
        <Progress percent={Math.floor(share * 100)} status="active" data-testid="test-progress" />
      )}
      {run.state === "failed" && <Alert type="error" showIcon title={words.test.failed} description={run.error} />}
      <div className="test-controls">
        <Typography.Text strong>{words.report.threshold}</Typography.Text>
        <Slider
          className="threshold-slider"
          min={0.05}
          max={1}
          step={0.01}
          value={threshold}
          onChange={setThreshold}
          tooltip={{ formatter: (value) => value?.toFixed(2) }}
        />
        <Typography.Text className="threshold-value">{threshold.toFixed(2)}</Typography.Text>
        <Space>
          <Switch size="small" checked={confidence} onChange={setConfidence} aria-label={words.test.confidence} />
          {words.test.confidence}
        </Space>
      </div>
      {current === undefined ? (
        <Empty description={words.test.waiting} />
      ) : (
        <div className="test-body">
          <ResultList
            results={run.results}
            threshold={threshold}
            current={current.image_id}
            onOpen={setOpened}
          />
          <TestedImageView
            key={current.image_id}
            tested={current}
            threshold={threshold}
            confidence={confidence}
          />
        </div>
      )}
    </Card>
  );
}

interface ListProps {
  readonly results: readonly TestedImage[];
  readonly threshold: number;
  readonly current: string;
  readonly onOpen: (imageId: string) => void;
}

function ResultList({ results, threshold, current, onOpen }: ListProps): ReactNode {
  const words = useWords();
  const project = useProject();
  return (
    <ul className="test-list">
      {results.map(({ image_id: id, name, detections, error }) => (
        <li key={id} className={id === current ? "test-item test-item-current" : "test-item"}>
          <Thumbnail path={thumbnailPath(project.id, id)} alt={name} onOpen={() => onOpen(id)} />
          <div className="test-item-words">
            <Typography.Text ellipsis={{ tooltip: name }}>{name}</Typography.Text>
            {error === "" ? (
              <Typography.Text type="secondary">
                {words.test.found(detections.filter(({ score }) => score >= threshold).length)}
              </Typography.Text>
            ) : (
              <Typography.Text type="danger">{words.trainingStatus.failed}</Typography.Text>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
