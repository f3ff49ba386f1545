import { Statistic } from "antd";
import type { ReactNode } from "react";
import type { Quality, Report } from "../../api/evaluator";
import { useWords, type Words } from "../../i18n/language";
import { percent } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { Section } from "../../ui/Section";

type Named = Words["report"]["maskIou"];
type Figure = Exclude<keyof Quality, "intervals">;

/** Every figure of the section, in the order in which they are shown. */
const UNITS: Readonly<Record<Figure, "share" | "objects">> = {
  iou: "share",
  tightness: "share",
  coverage: "share",
  boundary_iou: "share",
  boundary_f: "share",
  shape: "share",
  boundary_map: "share",
  boundary_map_50: "share",
  map_rotated: "share",
  map_50_rotated: "share",
  count_mean_absolute: "objects",
  count_bias: "objects",
  count_exact_rate: "share",
};
const FIGURES = Object.keys(UNITS) as readonly Figure[];

/** How tightly found targets are outlined, and how well they are counted. */
export function QualityCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const { quality, kind } = report;
  const figures = FIGURES.flatMap((name) => {
    const value = quality[name];
    return typeof value === "number" ? [{ name, value, named: wordsOf(name, kind, words) }] : [];
  });
  if (figures.length === 0) return null;
  return (
    <Section name="quality" title={words.report.quality} help={words.report.qualityHelp}>
      <div className="figures quality-figures" data-testid="quality">
        {figures.map(({ name, value, named }) => (
          <div key={name} className="figure">
            <Statistic
              title={
                <>
                  {named.name} <HelpTip title={named.name} text={named.help} />
                </>
              }
              value={UNITS[name] === "share" ? percent(value) : signed(value, name === "count_bias")}
            />
          </div>
        ))}
      </div>
    </Section>
  );
}

/** Masks and boxes both have an IoU, each of its own kind. */
function wordsOf(name: Figure, kind: Report["kind"], { report: { maskIou, qualities } }: Words): Named {
  return name === "iou" && kind === "mask" ? maskIou : qualities[name];
}

function signed(value: number, sign: boolean): string {
  return `${sign && value > 0 ? "+" : ""}${value.toFixed(2)}`;
}
