import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Input, Modal, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import { promoteVersion } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";

interface Props {
  readonly version: string;
  readonly serving: string | null;
  /** What the gate said of the version. */
  readonly remark: string;
  readonly onClose: () => void;
}

/** A person makes a version serve, and says why. */
export function PromoteDialog({ version, serving, remark, onClose }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const promotion = useMutation({
    mutationFn: () => promoteVersion(project.id, version, reason.trim()),
    onSuccess: async () => {
      for (const key of ["promotions", "trainings", "deployments", "policy"]) {
        await queries.invalidateQueries({ queryKey: [key, project.id] });
      }
      onClose();
    },
  });
  return (
    <Modal
      open
      title={words.train.promoteTitle(version)}
      okText={words.train.promote}
      cancelText={words.common.cancel}
      okButtonProps={{ disabled: reason.trim() === "", loading: promotion.isPending }}
      onOk={() => promotion.mutate()}
      onCancel={onClose}
    >
      <div className="stack">
        <Typography.Text>{words.train.promoteMeans(version, serving)}</Typography.Text>
        {remark !== "" && <Typography.Text type="secondary">{words.train.gateSaid(remark)}</Typography.Text>}
        <Input.TextArea
          autoFocus
          rows={3}
          maxLength={FACTS.longest.reason}
          value={reason}
          placeholder={words.train.promoteWhy}
          aria-label={words.train.promoteWhy}
          onChange={(event) => setReason(event.target.value)}
        />
        {promotion.isError && <ProblemAlert error={promotion.error} />}
      </div>
    </Modal>
  );
}
