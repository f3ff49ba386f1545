import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, InputNumber, Skeleton, Space, Switch, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { getPolicy, setPolicy, type NewPolicy, type Policy } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";

const REFRESH_MS = 5_000;

/** When corrections start a training by themselves. */
export function PolicyCard(): ReactNode {
  const words = useWords();
  const project = useProject();
  const policy = useQuery({
    queryKey: ["policy", project.id],
    queryFn: () => getPolicy(project.id),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Card
      title={
        <>
          {words.train.policy} <HelpTip title={words.train.policy} text={words.train.policyHelp} />
        </>
      }
    >
      {policy.isError && <ProblemAlert error={policy.error} onRetry={() => void policy.refetch()} />}
      {policy.isPending && <Skeleton active paragraph={{ rows: 1 }} />}
      {policy.data !== undefined && <PolicyForm key={project.id} policy={policy.data} />}
    </Card>
  );
}

/** Only the rule itself is sent back, not where the project stands. */
function ruleOf(policy: Policy): NewPolicy {
  const { enabled, min_corrections, quiet_s, max_wait_s, count_annotations, budget_s } = policy;
  return { enabled, min_corrections, quiet_s, max_wait_s, count_annotations, budget_s: budget_s ?? null };
}

function PolicyForm({ policy }: { readonly policy: Policy }): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const [draft, setDraft] = useState<Partial<NewPolicy>>({});
  const shown = { ...ruleOf(policy), ...draft };
  const saving = useMutation({
    mutationFn: () => setPolicy(project.id, shown),
    onSuccess: async () => {
      setDraft({});
      void message.success(words.train.policySaved);
      await queries.invalidateQueries({ queryKey: ["policy", project.id] });
    },
  });
  return (
    <>
      <Space wrap size="middle">
        <Switch
          checked={shown.enabled}
          onChange={(enabled) => setDraft({ ...draft, enabled })}
          aria-label={words.train.policy}
        />
        <Typography.Text>{words.train.policyCount}</Typography.Text>
        <InputNumber
          min={1}
          max={100_000}
          precision={0}
          disabled={!shown.enabled}
          value={shown.min_corrections}
          onChange={(value) => setDraft({ ...draft, min_corrections: value ?? 1 })}
          aria-label={words.train.policyCount}
        />
        <Typography.Text>{words.train.policyQuiet}</Typography.Text>
        <InputNumber
          min={0}
          max={86_400}
          disabled={!shown.enabled}
          value={shown.quiet_s}
          onChange={(value) => setDraft({ ...draft, quiet_s: value ?? 0 })}
          aria-label={words.train.policyQuiet}
        />
        <Button
          disabled={Object.keys(draft).length === 0}
          loading={saving.isPending}
          onClick={() => saving.mutate()}
        >
          {words.common.save}
        </Button>
        {policy.held_back != null && policy.enabled && (
          <Typography.Text type="warning">{words.train.policyHeld[policy.held_back]}</Typography.Text>
        )}
        {policy.next_look_at != null && policy.enabled && (
          <Typography.Text type="secondary">
            {words.train.policyNext(time(policy.next_look_at))}
          </Typography.Text>
        )}
      </Space>
      {saving.isError && <ProblemAlert error={saving.error} className="start-problem" />}
    </>
  );
}
