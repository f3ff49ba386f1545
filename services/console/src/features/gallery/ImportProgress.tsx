import { Progress } from "antd";
import type { ReactNode } from "react";
import type { ImportRun } from "../../api/annotation";
import { useWords } from "../../i18n/language";

interface Props {
  /** The share of the archive that has gone out, in [0, 1]. */
  readonly share?: number;
  /** The import, once it is sent. */
  readonly run: ImportRun | undefined;
}

/** How far an import is: bytes while it is sent, then files, then images. */
export function ImportProgress({ share = 1, run }: Props): ReactNode {
  const words = useWords();
  const isSending = run === undefined && share < 1;
  return (
    <div data-testid="import-progress">
      {isSending ? words.imports.sending : far(run, words)}
      <Progress percent={Math.floor(isSending ? share * 100 : (run?.progress.percent ?? 0))} status="active" />
    </div>
  );
}

function far(run: ImportRun | undefined, words: ReturnType<typeof useWords>): string {
  if (run?.state !== "running") return words.imports.states.queued;
  const { stage, figures } = run.progress;
  const { done = 0, total = 0 } = figures ?? {};
  return stage === "storing" ? words.imports.storing(done, total) : words.imports.reading(done, total);
}
