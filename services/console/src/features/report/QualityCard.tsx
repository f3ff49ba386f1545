import { Statistic } from "antd";
import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { Section } from "../../ui/Section";
import { qualityFigures } from "./quality";

/** How tightly found targets are outlined, and how well they are counted. */
export function QualityCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const figures = qualityFigures(report.quality);
  if (figures.length === 0) return null;
  return (
    <Section name="quality" title={words.report.quality} help={words.report.qualityHelp}>
      <div className="figures quality-figures" data-testid="quality">
        {figures.map(({ name, value, unit }) => (
          <div key={name} className="figure">
            <Statistic
              title={
                <>
                  {words.report.qualities[name].name}{" "}
                  <HelpTip title={words.report.qualities[name].name} text={words.report.qualities[name].help} />
                </>
              }
              value={unit === "share" ? percent(value) : signed(value, name === "count_bias")}
            />
          </div>
        ))}
      </div>
    </Section>
  );
}

function signed(value: number, sign: boolean): string {
  return `${sign && value > 0 ? "+" : ""}${value.toFixed(2)}`;
}
