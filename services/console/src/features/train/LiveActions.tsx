import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Popconfirm, Space } from "antd";
import type { ReactNode } from "react";
import { cancelTraining, finishTraining, type Training } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useRefusal } from "../../ui/useRefusal";
import { useProject } from "../projects/useProject";

/** Stages after which there is nothing left to learn. */
const LEARNT: ReadonlySet<string> = new Set(["exporting", "testing"]);

interface Props {
  readonly training: Training;
  readonly stage: string;
}

/** How a person ends a training: early, with what it has learnt, or without a version. */
export function LiveActions({ training, stage }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const refusal = useRefusal("POST /api/trainer/projects/{project_id}/trainings/{training_id}:cancel");
  const onSuccess = (): Promise<void> => queries.invalidateQueries({ queryKey: ["trainings", project.id] });
  const finish = useMutation({ mutationFn: () => finishTraining(project.id, training.id), onSuccess });
  const cancel = useMutation({ mutationFn: () => cancelTraining(project.id, training.id), onSuccess });
  const error = cancel.error ?? finish.error;
  return (
    <Space wrap>
      {error !== null && <ProblemAlert error={error} />}
      {training.status === "running" && !LEARNT.has(stage) && (
        <Popconfirm
          title={words.train.finishSure}
          okText={words.train.finish}
          onConfirm={() => finish.mutate()}
        >
          <Button disabled={training.finishing || refusal !== ""} title={refusal} loading={finish.isPending}>
            {words.train.finish}
          </Button>
        </Popconfirm>
      )}
      <Popconfirm
        title={words.train.cancelSure}
        okText={words.train.cancel}
        okButtonProps={{ danger: true }}
        onConfirm={() => cancel.mutate()}
      >
        <Button danger disabled={refusal !== ""} title={refusal} loading={cancel.isPending || cancel.isSuccess}>
          {words.train.cancel}
        </Button>
      </Popconfirm>
    </Space>
  );
}
