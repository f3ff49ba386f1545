import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Card, Empty, Pagination, Progress, Skeleton, Slider, Space, Switch, Tag, Typography } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { thumbnailPath } from "../../api/gallery";
import { getTestRun, isRunning, listPredictions, type Prediction, type TestRun } from "../../api/inference";
import { listVersions, VERSIONS_LIMIT } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage, usePlace } from "../../ui/usePage";
import { Thumbnail } from "../../ui/Thumbnail";
import { useProject } from "../projects/useProject";
import { said } from "./said";
import { lowestThreshold, shapesFrom, startThreshold } from "../projects/thresholds";
import { TestedImageView } from "./TestedImageView";

const REFRESH_MS = 800;
const PAGE_SIZE = 50;

/** What one test run found, image by image, while it runs and after. */
export function TestResults({ runId }: { readonly runId: string }): ReactNode {
  const project = useProject();
  const queries = useQueryClient();
  const run = useQuery({
    queryKey: ["test-run", project.id, runId],
    queryFn: () => getTestRun(project.id, runId),
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
  const own = useOwnThreshold(run.version);

  const words = useWords();
  const project = useProject();
  const [moved, setThreshold] = useState<number | null>(null);
  const threshold = moved ?? own;
  const [confidence, setConfidence] = useState(true);
  const [opened, setOpened] = useState<string | null>(null);
  const predictions = usePage({
    // The number that are done is part of the key: each further result is asked for once.
    key: ["predictions", project.id, run.id, run.done, isRunning(run)],
    place: usePlace(run.id, PAGE_SIZE),
    list: (page, size) => listPredictions(project.id, run.id, page, size),
  });
  const results = predictions.items;
  const current = results.find(({ id }) => id === opened) ?? results[0];
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
      <RunState run={run} />
      {predictions.error !== null && <ProblemAlert error={predictions.error} onRetry={predictions.retry} />}
      <div className="test-controls">
        <Typography.Text strong>{words.report.threshold}</Typography.Text>
        <Slider
          className="threshold-slider"
          min={lowestThreshold(project.task)}
          max={1}
          step={0.01}
          value={threshold}
          onChange={setThreshold}
          tooltip={{ formatter: (value) => value?.toFixed(2) }}
          ariaLabelForHandle={words.report.threshold}
        />
        <Typography.Text className="threshold-value">{threshold.toFixed(2)}</Typography.Text>
        <Space>
          <Switch size="small" checked={confidence} onChange={setConfidence} aria-label={words.test.confidence} />
          {words.test.confidence}
        </Space>
      </div>
      {current === undefined ? (
        <Empty description={isRunning(run) ? words.test.waiting : words.common.noData} />
      ) : (
        <div className="test-body">
          <div>
            <ResultList results={results} threshold={threshold} current={current.id} onOpen={setOpened} />
            <Pagination {...predictions.pager} simple size="small" hideOnSinglePage />
          </div>
          <TestedImageView key={current.id} tested={current} threshold={threshold} confidence={confidence} />
        </div>
      )}
    </Card>
  );
}

/** The threshold of the version that was tested: the one with the best F1, which its report advises. */
function useOwnThreshold(version: string): number {
  const project = useProject();
  const versions = useQuery({
    queryKey: ["versions", project.id],
    queryFn: () => listVersions(project.id, VERSIONS_LIMIT),
  });
  const best = versions.data?.items.find((one) => one.version === version)?.figures?.best_threshold;
  return startThreshold(project.task, best);
}

/** How far the run is, and what went wrong in it. */
function RunState({ run }: { readonly run: TestRun }): ReactNode {
  const words = useWords();
  const share = run.total === 0 ? 0 : run.done / run.total;
  return (
    <>
      {isRunning(run) && (
        <Progress percent={Math.floor(share * 100)} status="active" data-testid="test-progress" />
      )}
      {run.state === "failed" && (
        <Alert type="error" showIcon title={words.test.failed} description={run.error} />
      )}
      {run.failures.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={words.test.imagesFailed(run.failed)}
          description={[...new Set(run.failures.map(({ reason }) => reason))].join("; ")}
        />
      )}
    </>
  );
}

interface ListProps {
  readonly results: readonly Prediction[];
  readonly threshold: number;
  readonly current: string;
  readonly onOpen: (predictionId: string) => void;
}

function ResultList({ results, threshold, current, onOpen }: ListProps): ReactNode {
  const words = useWords();
  const project = useProject();
  return (
    <ul className="test-list">
      {results.map((result) => (
        <li key={result.id} className={result.id === current ? "test-item test-item-current" : "test-item"}>
          <Thumbnail
            path={thumbnailPath(project.id, result.image_id ?? "")}
            alt={result.name}
            onOpen={() => onOpen(result.id)}
          />
          <div className="test-item-words">
            <Typography.Text ellipsis={{ tooltip: result.name }}>{result.name}</Typography.Text>
            <Typography.Text type="secondary">
              {said(words, project.task, shapesFrom(result, threshold))}
            </Typography.Text>
          </div>
        </li>
      ))}
    </ul>
  );
}
