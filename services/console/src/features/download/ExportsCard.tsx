import { DeleteOutlined, DownloadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Empty, Popconfirm, Progress, Space, Table, Tag, Typography } from "antd";
import type { TableColumnsType } from "antd";
import type { ReactNode } from "react";
import { saveFile } from "../../api/http";
import { cancelExport, exportPath, isRunning, removeExport, type Export } from "../../api/inference";
import { useWords, type Words } from "../../i18n/language";
import { bytes, time } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import type { Paged } from "../../ui/usePage";
import { Certificate } from "./Certificate";

const COLOURS: Record<Export["state"], string> = {
  queued: "default",
  running: "processing",
  succeeded: "success",
  failed: "error",
  cancelled: "warning",
};

/** Every export of the project, newest first. */
export function ExportsCard({ exports }: { readonly exports: Paged<Export> }): ReactNode {
  const words = useWords();
  return (
    <Card title={words.download.exports}>
      {exports.error !== null && <ProblemAlert error={exports.error} onRetry={exports.retry} />}
      <Table<Export>
        rowKey="id"
        size="middle"
        scroll={{ x: 1000 }}
        loading={exports.pending || exports.turning}
        dataSource={exports.items}
        columns={columnsOf(words)}
        locale={{ emptyText: <Empty description={words.download.none} /> }}
        pagination={{ ...exports.pager, showTotal: words.common.total, hideOnSinglePage: true }}
      />
    </Card>
  );
}

function columnsOf(words: Words): TableColumnsType<Export> {
  return [
    { title: words.download.version, dataIndex: "version", key: "version", width: 80 },
    {
      title: words.download.target,
      key: "target",
      width: 120,
      render: (_, { target }) => words.download.targets[target],
    },
    { title: words.download.state, key: "state", width: 220, render: (_, one) => <State one={one} /> },
    {
      title: (
        <>
          {words.download.certificate}{" "}
          <HelpTip title={words.download.certificate} text={words.download.certificateHelp} />
        </>
      ),
      key: "certificate",
      render: (_, one) => <Certificate one={one} />,
    },
    {
      title: words.download.size,
      key: "size",
      width: 100,
      render: (_, { size_bytes: size }) => (size === 0 ? "—" : bytes(size)),
    },
    {
      title: words.download.createdAt,
      key: "created",
      width: 170,
      render: (_, { created_at: at }) => time(at),
    },
    { title: "", key: "action", width: 130, render: (_, one) => <Action one={one} /> },
  ];
}

function State({ one }: { readonly one: Export }): ReactNode {
  const words = useWords();
  const stages: Readonly<Record<string, string>> = words.download.stages;
  const percent = Math.round(one.progress.percent);
  return (
    <>
      <Tag color={COLOURS[one.state]}>{words.download.states[one.state]}</Tag>
      {one.state === "running" && (
        <Progress
          percent={percent}
          size="small"
          status="active"
          aria-label={words.download.exports}
          format={() => `${percent} % ${stages[one.progress.stage] ?? one.progress.stage}`}
        />
      )}
      {one.error !== "" && <Typography.Paragraph type="danger">{one.error}</Typography.Paragraph>}
    </>
  );
}

function Action({ one }: { readonly one: Export }): ReactNode {
  const words = useWords();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const onError = (error: Error) => void message.error(error.message);
  const saving = useMutation({ mutationFn: () => saveFile(exportPath(one), one.name), onError });
  const onSuccess = () => queries.invalidateQueries({ queryKey: ["exports", one.project_id] });
  const cancelling = useMutation({ mutationFn: () => cancelExport(one.project_id, one.id), onSuccess, onError });
  const removing = useMutation({ mutationFn: () => removeExport(one.project_id, one.id), onSuccess, onError });
  if (isRunning(one)) {
    return (
      <Button size="small" loading={cancelling.isPending} onClick={() => cancelling.mutate()}>
        {words.download.cancel}
      </Button>
    );
  }
  return (
    <Space orientation="vertical">
      {one.state === "succeeded" && (
        <Button icon={<DownloadOutlined />} loading={saving.isPending} onClick={() => saving.mutate()}>
          {words.download.save}
        </Button>
      )}
      <Popconfirm
        title={words.download.removeSure(one.version)}
        description={words.download.removeConsequence}
        okText={words.common.delete}
        okButtonProps={{ danger: true }}
        onConfirm={() => removing.mutate()}
      >
        <Button danger size="small" icon={<DeleteOutlined />} loading={removing.isPending}>
          {words.download.remove}
        </Button>
      </Popconfirm>
    </Space>
  );
}
