import { DownloadOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button, Space } from "antd";
import type { ReactNode } from "react";
import { reportFilePath, type ReportForm } from "../../api/evaluator";
import { saveFile } from "../../api/http";
import { useLanguage, useWords } from "../../i18n/language";
import { useProject } from "../projects/useProject";

const FORMS: readonly ReportForm[] = ["pdf", "html"];

/** The whole report as a file to hand on, in the language of the page. */
export function SaveReport({ version }: { readonly version: string }): ReactNode {
  const words = useWords();
  const { language } = useLanguage();
  const project = useProject();
  const { message } = App.useApp();
  const saving = useMutation({
    mutationFn: (form: ReportForm) =>
      saveFile(reportFilePath(project.id, version, form, language), `report-${version}.${form}`),
    onError: (error) => void message.error(error.message),
  });
  return (
    <Space>
      {FORMS.map((form) => (
        <Button
          key={form}
          icon={<DownloadOutlined />}
          loading={saving.isPending && saving.variables === form}
          onClick={() => saving.mutate(form)}
        >
          {words.report.save(form.toUpperCase())}
        </Button>
      ))}
    </Space>
  );
}
