import { Button, Card, InputNumber, Segmented, Slider, Space, Typography } from "antd";
import { useState, type ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { countsAt, figures, recommended, total, type Preference } from "./operatingPoint";

interface Props {
  readonly report: Report;
  readonly threshold: number;
  readonly onThreshold: (threshold: number) => void;
}

const PREFERENCES: readonly Preference[] = ["precision", "balanced", "recall"];

/** Asks what matters more, recommends a threshold for it, and lets one try any other at once. */
export function ThresholdCard({ report, threshold, onThreshold }: Props): ReactNode {
  const words = useWords();
  const [preference, setPreference] = useState<Preference>("balanced");
  const advised = recommended(report.curves, preference);
  const counts = total(report.curves.map((curve) => countsAt(curve, threshold)));
  const now = figures(counts);
  return (
    <Card title={words.report.thresholdTitle}>
      <div className="preference">
        <Typography.Text>{words.report.question}</Typography.Text>
        <Segmented<Preference>
          value={preference}
          onChange={setPreference}
          options={PREFERENCES.map((value) => ({ value, label: words.report.preferences[value] }))}
        />
        {advised !== null && (
          <Space data-testid="recommended-threshold">
            <Typography.Text>{words.report.recommended(advised.toFixed(2))}</Typography.Text>
            <Button size="small" disabled={advised === threshold} onClick={() => onThreshold(advised)}>
              {words.report.use}
            </Button>
          </Space>
        )}
      </div>
      <div className="threshold-row">
        <Typography.Text strong>{words.report.threshold}</Typography.Text>
        <Slider
          className="threshold-slider"
          min={0}
          max={1}
          step={0.01}
          value={threshold}
          onChange={onThreshold}
          marks={markers(report, advised)}
          tooltip={{ formatter: (value) => value?.toFixed(2) }}
        />
        <InputNumber
          min={0}
          max={1}
          step={0.01}
          value={threshold}
          onChange={(value) => onThreshold(value ?? report.threshold)}
          className="threshold-number"
          aria-label={words.report.threshold}
        />
      </div>
      <Typography.Paragraph className="threshold-words" data-testid="threshold-words">
        {words.report.outcome({
          found: counts.tp,
          truths: counts.truths,
          wrong: counts.fp,
          precision: percent(now.precision),
          recall: percent(now.recall),
        })}
      </Typography.Paragraph>
    </Card>
  );
}

function markers(report: Report, advised: number | null): Record<number, ReactNode> {
  const marks: Record<number, ReactNode> = { 0: "0", 1: "1", [report.threshold]: report.threshold };
  if (advised !== null) marks[advised] = <span className="advised-mark">{advised.toFixed(2)}</span>;
  return marks;
}
