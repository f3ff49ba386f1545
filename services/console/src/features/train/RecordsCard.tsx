import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Empty, Popover, Space, Table, Tag, Typography } from "antd";
import type { TableColumnsType } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { beganFromNothing, resumeTraining, type Training, type TrainingStatus } from "../../api/trainer";
import { useWords, type Words } from "../../i18n/language";
import { percent, time } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import type { Paged } from "../../ui/usePage";
import { useProject } from "../projects/useProject";
import { PromoteDialog } from "./PromoteDialog";
import { RecipeSummary } from "./RecipeSummary";
import { usePromotions } from "./usePromotions";

export const STATUS_COLOURS: Record<TrainingStatus, string> = {
  waiting: "default",
  preparing: "processing",
  queued: "default",
  stopping: "warning",
  running: "processing",
  success: "success",
  failed: "error",
  terminated: "warning",
};

interface Props {
  readonly records: Paged<Training>;
}

/** Every training of the project, newest first. */
export function RecordsCard({ records }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const serving = usePromotions().data?.serving ?? null;
  const [chosen, setChosen] = useState<Training | null>(null);
  return (
    <Card title={words.train.records}>
      {records.error !== null && <ProblemAlert error={records.error} onRetry={records.retry} />}
      <Table<Training>
        rowKey="id"
        size="middle"
        scroll={{ x: 1320 }}
        loading={records.pending || records.turning}
        dataSource={records.items}
        columns={columnsOf(words, project.id, { serving, promote: setChosen })}
        locale={{ emptyText: <Empty description={words.train.none} /> }}
        pagination={{
          ...records.pager,
          showTotal: words.common.total,
          showSizeChanger: true,
          pageSizeOptions: [10, 20, 50],
        }}
      />
      {chosen !== null && (
        <PromoteDialog
          version={chosen.version ?? ""}
          serving={serving}
          remark={chosen.gate_reason}
          onClose={() => setChosen(null)}
        />
      )}
    </Card>
  );
}

interface Serving {
  readonly serving: string | null;
  readonly promote: (training: Training) => void;
}

function columnsOf(words: Words, projectId: string, served: Serving): TableColumnsType<Training> {
  return [
    {
      title: words.train.number,
      key: "number",
      width: 64,
      render: (_, { id, number }) => (
        <Link to={`/projects/${projectId}/train/${id}`} aria-label={words.training.open(number)}>
          {number}
        </Link>
      ),
    },
    {
      title: words.train.version,
      key: "version",
      width: 130,
      render: (_, training) => <VersionName training={training} serving={served.serving} />,
    },
    {
      title: words.gallery.status,
      key: "status",
      width: 110,
      render: (_, training) => <Status training={training} />,
    },
    {
      title: (
        <>
          {words.train.rate} <HelpTip title={words.train.rate} text={words.train.rateHelp} />
        </>
      ),
      key: "rate",
      width: 200,
      render: (_, { version, average_detection_rate: rate }) =>
        version === null || rate === null ? (
          "—"
        ) : (
          <Link to={`/projects/${projectId}/report/${version}`} className="rate-link">
            {percent(rate)}
          </Link>
        ),
    },
    {
      title: words.train.annotatedOfTotal,
      key: "images",
      width: 140,
      render: (_, { annotated_images: annotated, total_images: all }) =>
        all === 0 ? "—" : `${annotated} / ${all}`,
    },
    {
      title: words.train.labelKinds,
      key: "labels",
      width: 100,
      render: (_, { labels: count }) => (count === 0 ? "—" : count),
    },
    {
      title: words.recipe.title,
      key: "recipe",
      width: 170,
      render: (_, training) => <RecipeSummary training={training} />,
    },
    {
      title: words.train.startedAt,
      key: "started",
      width: 170,
      render: (_, { started_at: started }) => time(started),
    },
    {
      title: words.train.finishedAt,
      key: "finished",
      width: 170,
      render: (_, { ended_at: ended }) => time(ended),
    },
    {
      title: words.train.duration,
      key: "duration",
      width: 100,
      render: (_, { duration_minutes: minutes }) =>
        minutes === null ? "—" : words.train.minutes(minutes),
    },
    {
      title: words.common.actions,
      key: "actions",
      width: 110,
      render: (_, training) =>
        training.version === null || training.version === served.serving ? (
          <ResumeButton training={training} />
        ) : (
          <Button type="link" size="small" className="cell-link" onClick={() => served.promote(training)}>
            {words.train.promote}
          </Button>
        ),
    },
  ];
}

interface VersionProps {
  readonly training: Training;
  readonly serving: string | null;
}

/** The version, whether it is the one that serves, and what the gate said of it. */
function VersionName({ training, serving }: VersionProps): ReactNode {
  const words = useWords();
  if (training.version === null) return "—";
  const title = training.promoted ? words.train.gate : words.train.notPromoted;
  return (
    <Space size={6}>
      {training.version}
      {training.version === serving && training.deployed_at !== null && (
        <Tag color="cyan">{words.train.deployed}</Tag>
      )}
      {beganFromNothing(training) && <Tag color="warning">{words.train.fromNothing}</Tag>}
      {training.gate_reason !== "" && <HelpTip title={title} text={training.gate_reason} />}
      {training.choices.length > 0 && <HelpTip title={words.train.choices} text={<Choices of={training.choices} />} />}
    </Space>
  );
}

function Choices({ of }: { readonly of: readonly string[] }): ReactNode {
  return (
    <ul className="training-choices">
      {of.map((choice) => (
        <li key={choice}>{choice}</li>
      ))}
    </ul>
  );
}

function ResumeButton({ training }: { readonly training: Training }): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const resumption = useMutation({
    mutationFn: () => resumeTraining(training.project_id, training.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["trainings", training.project_id] }),
    onError: (error) => void message.error(error.message),
  });
  if (training.status !== "failed" && training.status !== "terminated") return null;
  return (
    <Button
      type="link"
      size="small"
      className="cell-link"
      loading={resumption.isPending}
      onClick={() => resumption.mutate()}
    >
      {words.train.resume}
    </Button>
  );
}

function Status({ training }: { readonly training: Training }): ReactNode {
  const words = useWords();
  const tag = (
    <Tag color={STATUS_COLOURS[training.status]}>{words.trainingStatus[training.status]}</Tag>
  );
  const remarks = [training.error, ...training.warnings].filter((remark) => remark !== "");
  if (remarks.length === 0) return tag;
  return (
    <Popover content={<Typography.Text className="help-text">{remarks.join("; ")}</Typography.Text>}>
      <span tabIndex={0} className="explained">
        {tag}
      </span>
    </Popover>
  );
}
