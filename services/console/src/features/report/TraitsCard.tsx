import { Card } from "antd";
import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useLanguage, useWords } from "../../i18n/language";
import { HelpTip } from "../../ui/HelpTip";

/** What errors have in common, where they have something in common. */
export function TraitsCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const { language } = useLanguage();
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
          <li key={`${trait.name} ${trait.value} ${trait.words.en}`}>{trait.words[language]}</li>
        ))}
      </ul>
    </Card>
  );
}
