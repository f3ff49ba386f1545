import { Alert, Card, Statistic, Typography } from "antd";
import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { decimal, percent } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { conclude } from "./conclusion";
import { countsAt, figures, mean, total } from "./operatingPoint";

interface Props {
  readonly report: Report;
  readonly threshold: number;
}

const TONES = { good: "success", fair: "warning", poor: "error", none: "info" } as const;

/** The conclusion in words, and the figures it stands on. */
export function Overview({ report, threshold }: Props): ReactNode {
  const words = useWords();
  const counts = report.curves.map((curve) => countsAt(curve, threshold));
  const overall = figures(total(counts));
  const macroF1 = mean(counts.map((one) => figures(one).f1));
  const verdict = conclude(report);
  return (
    <Card className="overview">
      <Alert
        type={TONES[verdict.grade]}
        showIcon
        className="conclusion"
        title={words.report.verdicts[verdict.grade](
          percent(report.average_detection_rate),
          percent(report.map_50),
        )}
        description={
          verdict.weakest === null
            ? words.report.publishAdvice
            : words.report.weakest(verdict.weakest.label, percent(verdict.weakest.detection_rate))
        }
      />
      {report.reference_only && (
        <Alert
          type="warning"
          showIcon
          banner
          className="reference-only"
          data-testid="reference-only"
          title={words.report.referenceOnly(report.images)}
        />
      )}
      <div className="figures">
        <Figure name={words.report.rate} help={words.train.rateHelp} value={percent(overall.recall)} strong />
        <Figure name="mAP@0.5" help={words.report.mapHelp} value={percent(report.map_50)} />
        <Figure name="mAP@0.5:0.95" help={words.report.mapRangeHelp} value={percent(report.map_50_95)} />
        <Figure name={words.report.precision} help={words.report.precisionHelp} value={percent(overall.precision)} />
        <Figure name={words.report.recall} help={words.report.recallHelp} value={percent(overall.recall)} />
        <Figure name="F1" help={words.report.f1Help} value={decimal(macroF1)} />
      </div>
      <Typography.Text type="secondary">
        {words.report.basis(report.images, threshold.toFixed(2), report.iou_threshold.toFixed(2))}
      </Typography.Text>
    </Card>
  );
}

interface FigureProps {
  readonly name: string;
  readonly help: string;
  readonly value: string;
  readonly strong?: boolean;
}

function Figure({ name, help, value, strong = false }: FigureProps): ReactNode {
  return (
    <Statistic
      className={strong ? "figure figure-strong" : "figure"}
      title={
        <>
          {name} <HelpTip title={name} text={help} />
        </>
      }
      value={value}
    />
  );
}
