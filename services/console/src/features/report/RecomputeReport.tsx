import { ReloadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Tooltip } from "antd";
import type { ReactNode } from "react";
import { recomputeReport } from "../../api/evaluator";
import { useLanguage, useWords } from "../../i18n/language";
import { useProject } from "../projects/useProject";

const SHOWN = ["report", "errors", "comparison"];

/** A report never changes by itself; one of an earlier release may have to be computed anew. */
export function RecomputeReport({ version }: { readonly version: string }): ReactNode {
  const words = useWords();
  const { language } = useLanguage();
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const computing = useMutation({
    mutationFn: () => recomputeReport(project.id, version, language),
    onSuccess: async () => {
      await Promise.all(SHOWN.map((key) => queries.invalidateQueries({ queryKey: [key, project.id] })));
      void message.success(words.report.recomputed);
    },
    onError: (error) => void message.error(error.message),
  });
  return (
    <Tooltip title={words.report.recomputeHelp}>
      <Button icon={<ReloadOutlined />} loading={computing.isPending} onClick={() => computing.mutate()}>
        {words.report.recompute}
      </Button>
    </Tooltip>
  );
}
