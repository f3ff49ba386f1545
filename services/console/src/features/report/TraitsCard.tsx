import { Card } from "antd";
import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { HelpTip } from "../../ui/HelpTip";

/** What errors have in common, where they have something in common. */
export function TraitsCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  if (report.traits.length === 0) return null;
  return (
    <Card
      title={
        <>
          {words.report.traits} <HelpTip title={words.report.traits} text={words.report.traitsHelp} />
        </>
      }
    >
      <ul className="notes">
        {report.traits.map((trait) => (
          <li key={trait.words}>{trait.words}</li>
        ))}
      </ul>
    </Card>
  );
}
