import { Progress, Typography } from "antd";
import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { Section } from "../../ui/Section";

const KINDS = ["miss", "bkg", "cls", "loc", "both", "dupe"] as const;

/** What mending each kind of error would bring, largest gain first (TIDE). */
export function ErrorSplitCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const { ap, gain } = report.error_split;
  const rows = KINDS.map((kind) => ({ kind, gain: gain[kind] ?? null })).sort(
    (a, b) => (b.gain ?? 0) - (a.gain ?? 0),
  );
  const most = Math.max(0.01, ...rows.map((row) => row.gain ?? 0));
  return (
    <Section
      name="split"
      title={words.report.split}
      help={words.report.splitHelp}
      hint={ap === null ? undefined : `mAP@0.5 ${percent(ap)}`}
    >
      <div className="split" data-testid="error-split">
        {rows.map((row) => (
          <div key={row.kind} className="split-row">
            <div>
              <Typography.Text strong>{words.report.splits[row.kind].name}</Typography.Text>
              <div className="split-why">{words.report.splits[row.kind].why}</div>
            </div>
            <Progress
              percent={((row.gain ?? 0) / most) * 100}
              status="normal"
              showInfo={false}
              size="small"
            />
            <span className="split-gain">
              {row.gain === null ? "—" : words.report.gain((row.gain * 100).toFixed(1))}
            </span>
          </div>
        ))}
      </div>
    </Section>
  );
}
