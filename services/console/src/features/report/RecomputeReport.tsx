import { ReloadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Tooltip } from "antd";
import type { ReactNode } from "react";
import { judgeAgain } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { useProject } from "../projects/useProject";
import { judgementKey } from "./useJudgement";

/** A report never changes by itself; one of an earlier release may have to be computed anew. */
export function RecomputeReport({ version }: { readonly version: string }): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const ordering = useMutation({
    mutationFn: () => judgeAgain(project.id, version),
    onSuccess: (ordered) => queries.setQueryData(judgementKey(project.id, version), ordered),
    onError: (error) => void message.error(error.message),
  });
  return (
    <Tooltip title={words.report.recomputeHelp}>
      <Button icon={<ReloadOutlined />} loading={ordering.isPending} onClick={() => ordering.mutate()}>
        {words.report.recompute}
      </Button>
    </Tooltip>
  );
}
