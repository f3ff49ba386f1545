import { Button, Card, InputNumber, Segmented, Slider, Typography } from "antd";
import { useState, type ReactNode } from "react";
import type { Preference, Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { decimal, percent } from "../../ui/format";
import { onGrid } from "../../ui/onGrid";
import { figures, meanF1At, totalAt } from "./operatingPoint";

interface Props {
  readonly report: Report;
  readonly threshold: number;
  readonly onThreshold: (threshold: number) => void;
}

/** Asks what matters more, recommends a threshold for it, and lets one try any other at once; a reader has no curves to try it on. */
export function ThresholdCard({ report, threshold, onThreshold }: Props): ReactNode {
  const words = useWords();
  const { question, recommendations: answers } = report;
  const [chosen, setChosen] = useState<Preference>("balanced");
  const answer = answers.find((one) => one.answer === chosen);
  const movable = report.kind !== "ocr";
  if (!movable && answers.length === 0) return null;
  return (
    <Card title={words.report.threshold}>
      <div className="preference">
        <Typography.Text>{question}</Typography.Text>
        <Segmented
          value={chosen}
          onChange={setChosen}
          options={answers.map((one) => ({
            value: one.answer,
            label: words.report.preferences[one.answer],
          }))}
        />
      </div>
      {answer !== undefined && (
        <div className="recommendation" data-testid="recommended-threshold">
          <Typography.Text>{answer.words}</Typography.Text>
          {movable && (
            <Button
              size="small"
              disabled={onGrid(answer.threshold) === threshold}
              onClick={() => onThreshold(onGrid(answer.threshold))}
            >
              {words.report.use}
            </Button>
          )}
        </div>
      )}
      {movable && <Trying report={report} threshold={threshold} onThreshold={onThreshold} advised={answer?.threshold} />}
    </Card>
  );
}

interface TryingProps extends Props {
  readonly advised: number | undefined;
}

/** Any threshold, and what it would bring. */
function Trying({ report, threshold, onThreshold, advised }: TryingProps): ReactNode {
  const words = useWords();
  const counts = totalAt(report.curves, threshold);
  const now = figures(counts);
  return (
    <>
      <div className="threshold-row">
        <Slider
          className="threshold-slider"
          min={0}
          max={1}
          step={0.01}
          value={threshold}
          onChange={onThreshold}
          marks={marksOf(report.threshold, advised)}
          ariaLabelForHandle={words.report.threshold}
          tooltip={{ formatter: (value) => value?.toFixed(2) }}
        />
        <InputNumber
          min={0}
          max={1}
          step={0.01}
          value={threshold}
          onChange={(value) => onThreshold(value ?? onGrid(report.threshold))}
          className="threshold-number"
          aria-label={words.report.threshold}
        />
      </div>
      <Typography.Paragraph className="threshold-words" data-testid="threshold-words">
        {words.report.outcome({
          found: counts.found,
          truths: counts.truths,
          wrong: counts.wrong,
          precision: percent(now.precision),
          recall: percent(now.recall),
          f1: decimal(meanF1At(report.curves, threshold)),
        })}
      </Typography.Paragraph>
    </>
  );
}

function marksOf(own: number, advised: number | undefined): Record<number, ReactNode> {
  const marks: Record<number, ReactNode> = { 0: "0", 1: "1" };
  // Two numbers closer than this would be printed over one another.
  if (advised === undefined || Math.abs(advised - own) > 0.04) marks[onGrid(own)] = onGrid(own).toFixed(2);
  if (advised !== undefined) {
    marks[onGrid(advised)] = <span className="advised-mark">{onGrid(advised).toFixed(2)}</span>;
  }
  return marks;
}
