import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { Section } from "../../ui/Section";

/** What errors have in common, where they have something in common. */
export function TraitsCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  if (report.traits.length === 0) return null;
  return (
    <Section name="traits" title={words.report.traits} help={words.report.traitsHelp}>
      <ul className="notes">
        {report.traits.map((trait) => (
          <li key={trait.words}>{trait.words}</li>
        ))}
      </ul>
    </Section>
  );
}
