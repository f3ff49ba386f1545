import { CheckOutlined, CloudSyncOutlined, DisconnectOutlined, WarningOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { asProblem } from "../../api/problem";
import type { Saving } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { problemTitle } from "../../ui/ProblemAlert";

/** Whether the work is safe on the platform, and if not, what becomes of it. */
export function SaveState({ saving }: { readonly saving: Saving }): ReactNode {
  const words = useWords();
  const [icon, word, hint] = told();
  return (
    <Tooltip title={hint}>
      <span className={`save-state save-${saving.is}`} role="status" data-testid="save-state">
        {icon} {word}
      </span>
    </Tooltip>
  );

  function told(): readonly [ReactNode, string, string] {
    const { annotate } = words;
    switch (saving.is) {
      case "saved":
        return [<CheckOutlined key="icon" />, annotate.saved, ""];
      case "waiting":
      case "saving":
        return [<CloudSyncOutlined key="icon" />, annotate.waiting, ""];
      case "retrying":
        return [<DisconnectOutlined key="icon" />, annotate.retrying, annotate.retryingHint];
      case "conflict":
        return [<WarningOutlined key="icon" />, annotate.conflict, annotate.retryingHint];
      case "unlabelled":
        return [<WarningOutlined key="icon" />, annotate.unlabelled, annotate.unlabelledHint];
      case "refused": {
        const problem = asProblem(saving.error);
        const fields = problem.fields.map(({ message }) => message).join("; ");
        return [<WarningOutlined key="icon" />, annotate.refused, `${problemTitle(problem, words)}. ${fields || problem.detail}`];
      }
    }
  }
}
