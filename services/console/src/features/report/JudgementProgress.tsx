import { LoadingOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Progress } from "antd";
import type { ReactNode } from "react";
import { cancelJudgement, type Judgement } from "../../api/evaluator";
import { useWords, type Words } from "../../i18n/language";
import { useProject } from "../projects/useProject";
import { isUnderWay, judgementKey } from "./useJudgement";

interface Props {
  readonly version: string;
  /** undefined: the evaluator has not heard of the version yet. */
  readonly judgement: Judgement | undefined;
}

/** How far a report is, and a way to give it up. */
export function JudgementProgress({ version, judgement }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const cancelling = useMutation({
    mutationFn: () => cancelJudgement(project.id, version),
    onSuccess: (left) => queries.setQueryData(judgementKey(project.id, version), left),
    onError: (error) => void message.error(error.message),
  });
  const percent = Math.round(judgement?.progress.percent ?? 0);
  return (
    <Alert
      type="info"
      showIcon
      icon={<LoadingOutlined />}
      data-testid="judgement"
      title={judgement !== undefined && judgement.revision > 0 ? words.report.recomputing : words.report.computing}
      description={
        <Progress
          percent={percent}
          status="active"
          size="small"
          aria-label={words.report.computing}
          format={() => `${percent} % ${stageOf(judgement, words)}`}
        />
      }
      action={
        isUnderWay(judgement) && (
          <Button size="small" loading={cancelling.isPending} onClick={() => cancelling.mutate()}>
            {words.common.cancel}
          </Button>
        )
      }
    />
  );
}

function stageOf(judgement: Judgement | undefined, words: Words): string {
  if (judgement?.state !== "running") return words.report.queued;
  const known: Readonly<Record<string, string>> = words.report.stages;
  return known[judgement.progress.stage] ?? judgement.progress.stage;
}
