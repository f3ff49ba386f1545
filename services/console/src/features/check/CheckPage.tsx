import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Alert, Button, Card, Empty, Segmented, Skeleton, Space, Table, Typography } from "antd";
import type { TableColumnsType } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { checkLabels, dismissFinding, forgetDismissals, type Finding, type FindingRule, type LabelCheck } from "../../api/annotation";
import { useWords, type Words } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { Mend, Pictures } from "./Pictures";
import { SecondOpinion } from "./SecondOpinion";

/** What is probably wrong with the labels, to be gone through before a training. */
export function CheckPage(): ReactNode {
  const words = useWords();
  const project = useProject();
  const check = useQuery({
    queryKey: ["label-check", project.id],
    queryFn: () => checkLabels(project.id),
    staleTime: 0,
  });
  return (
    <Card
      title={words.check.title}
      extra={
        <Space>
          <Button loading={check.isFetching} onClick={() => void check.refetch()}>
            {words.check.again}
          </Button>
          <Link to={`/projects/${project.id}/train`}>
            <Button type="primary">{words.annotate.goTrain}</Button>
          </Link>
        </Space>
      }
    >
      <Typography.Paragraph type="secondary">{words.check.hint}</Typography.Paragraph>
      {check.isError && <ProblemAlert error={check.error} onRetry={() => void check.refetch()} />}
      {check.isPending && <Skeleton active />}
      {check.data !== undefined && (
        <div className="stack">
          {check.data.images > 0 && <SecondOpinion checked={check.data} />}
          <Findings checked={check.data} />
        </div>
      )}
    </Card>
  );
}

function Findings({ checked }: { readonly checked: LabelCheck }): ReactNode {
  const words = useWords();
  const [asked, setRule] = useState<FindingRule | null>(null);
  const rules = (Object.keys(words.check.rules) as FindingRule[]).filter((rule) => (checked.counts[rule] ?? 0) > 0);
  const rule = asked !== null && rules.includes(asked) ? asked : null;
  const { dismiss, forget } = useDismissals();
  const shown = checked.items.filter((one) => rule === null || one.rule === rule);
  const found = rules.reduce((sum, one) => sum + (checked.counts[one] ?? 0), 0);
  if (checked.images === 0) return <Empty description={words.check.nothing} />;
  return (
    <div className="stack">
      {found === 0 && <Alert type="success" showIcon title={words.check.clean(checked.images)} />}
      {found > checked.items.length && <Alert type="info" showIcon title={words.check.more(checked.items.length, found)} />}
      {rules.length > 1 && (
        <Segmented<FindingRule | "">
          value={rule ?? ""}
          aria-label={words.check.rule}
          options={[
            { value: "", label: `${words.common.all} (${found})` },
            ...rules.map((one) => ({ value: one, label: `${words.check.rules[one]} (${checked.counts[one] ?? 0})` })),
          ]}
          onChange={(next) => setRule(next === "" ? null : next)}
        />
      )}
      {found > 0 && (
        <Table<Finding>
          rowKey="id"
          size="middle"
          scroll={{ x: 900 }}
          dataSource={shown}
          columns={columnsOf(words, dismiss)}
          pagination={{ showTotal: words.common.total, hideOnSinglePage: true }}
        />
      )}
      {checked.dismissed > 0 && (
        <Typography.Text type="secondary">
          {words.check.dismissed(checked.dismissed)}{" "}
          <Button type="link" size="small" onClick={forget}>
            {words.check.showAgain}
          </Button>
        </Typography.Text>
      )}
    </div>
  );
}

function columnsOf(words: Words, dismiss: (finding: Finding) => void): TableColumnsType<Finding> {
  return [
    {
      title: words.check.image,
      key: "image",
      width: 240,
      ellipsis: true,
      render: (_, one) => <Pictures finding={one} />,
    },
    { title: words.check.rule, key: "rule", width: 150, render: (_, { rule }) => words.check.rules[rule] },
    { title: words.check.reason, key: "reason", render: (_, one) => words.check.reasons[one.rule](one) },
    {
      title: "",
      key: "action",
      width: 230,
      render: (_, one) => (
        <Space>
          <Mend finding={one} />
          <Button size="small" onClick={() => dismiss(one)}>
            {words.check.noError}
          </Button>
        </Space>
      ),
    },
  ];
}

/** Saying that something is no error, and taking all of that back. */
function useDismissals() {
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const queryKey = ["label-check", project.id];
  const onError = (error: Error) => void message.error(error.message);
  const dismissal = useMutation({
    mutationFn: (finding: Finding) => dismissFinding(project.id, finding.id),
    onSuccess: (_, finding) =>
      queries.setQueryData<LabelCheck>(queryKey, (before) => before && without(before, finding)),
    onError,
  });
  const forgetting = useMutation({
    mutationFn: () => forgetDismissals(project.id),
    onSuccess: () => queries.invalidateQueries({ queryKey }),
    onError,
  });
  return { dismiss: (finding: Finding) => dismissal.mutate(finding), forget: () => forgetting.mutate() };
}

/** The list as the platform would tell it anew, but for what did not fit into it. */
function without(checked: LabelCheck, { id, rule }: Finding): LabelCheck {
  if (!checked.items.some((one) => one.id === id)) return checked;
  return {
    ...checked,
    items: checked.items.filter((one) => one.id !== id),
    counts: { ...checked.counts, [rule]: (checked.counts[rule] ?? 1) - 1 },
    dismissed: checked.dismissed + 1,
  };
}
