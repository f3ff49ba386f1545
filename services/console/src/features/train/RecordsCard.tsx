import type { UseQueryResult } from "@tanstack/react-query";
import { Card, Empty, Popover, Table, Tag, Typography } from "antd";
import type { TableColumnsType } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Training, TrainingStatus } from "../../api/trainer";
import type { Page } from "../../api/workspace";
import { useWords, type Words } from "../../i18n/language";
import { percent, time, wholeMinutes } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";

const STATUS_COLOURS: Record<TrainingStatus, string> = {
  queued: "default",
  running: "processing",
  success: "success",
  failed: "error",
  terminated: "warning",
};

interface Props {
  readonly records: UseQueryResult<Page<Training>>;
  readonly page: number;
  readonly pageSize: number;
  readonly onPage: (page: number, pageSize: number) => void;
}

/** Every training of the project, newest first. */
export function RecordsCard({ records, page, pageSize, onPage }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const total = records.data?.total ?? 0;
  return (
    <Card title={words.train.records}>
      {records.isError && (
        <ProblemAlert error={records.error} onRetry={() => void records.refetch()} />
      )}
      <Table<Training>
        rowKey="id"
        size="middle"
        scroll={{ x: 980 }}
        loading={records.isPending}
        dataSource={records.data?.items ?? []}
        columns={columnsOf(words, `/projects/${project.id}/report`, total - (page - 1) * pageSize)}
        locale={{ emptyText: <Empty description={words.train.none} /> }}
        pagination={{
          current: page,
          pageSize,
          total,
          showTotal: words.common.total,
          showSizeChanger: true,
          pageSizeOptions: [10, 20, 50],
          onChange: onPage,
        }}
      />
    </Card>
  );
}

function columnsOf(words: Words, reports: string, newest: number): TableColumnsType<Training> {
  return [
    { title: words.train.number, key: "number", width: 64, render: (_, __, place) => newest - place },
    { title: words.train.version, key: "version", width: 90, render: (_, { version }) => version ?? "—" },
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
      width: 170,
      render: (_, { version, average_detection_rate: rate }) =>
        version === null || rate === null ? (
          "—"
        ) : (
          <Link to={`${reports}/${version}`} className="rate-link">
            {percent(rate)}
          </Link>
        ),
    },
    {
      title: words.train.annotatedOfTotal,
      key: "images",
      width: 140,
      render: (_, { annotated_images: annotated, total_images: all }) =>
        annotated === null || all === null ? "—" : `${annotated} / ${all}`,
    },
    {
      title: words.train.labelKinds,
      key: "labels",
      width: 100,
      render: (_, { label_count: count }) => count ?? "—",
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
      render: (_, { status, finished_at: finished }) => (status === "terminated" ? "—" : time(finished)),
    },
    {
      title: words.train.duration,
      key: "duration",
      width: 100,
      render: (_, { status, duration_s: seconds }) =>
        status === "terminated" || seconds === null ? "—" : words.train.minutes(wholeMinutes(seconds)),
    },
  ];
}

function Status({ training }: { readonly training: Training }): ReactNode {
  const words = useWords();
  const tag = (
    <Tag color={STATUS_COLOURS[training.status]}>{words.trainingStatus[training.status]}</Tag>
  );
  if (training.reason === "") return tag;
  return (
    <Popover content={<Typography.Text className="help-text">{training.reason}</Typography.Text>}>
      <span tabIndex={0} className="explained">
        {tag}
      </span>
    </Popover>
  );
}
