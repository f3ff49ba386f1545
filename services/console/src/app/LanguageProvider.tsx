import { useMemo, useState, type ReactNode } from "react";
import { LanguageContext, loadLanguage, rememberLanguage, type Language, type Spoken } from "../i18n/language";

interface Props {
  readonly first: Spoken;
  readonly children: ReactNode;
}

/** The language changes once its words are here; where they cannot be loaded it stays as it is. */
export function LanguageProvider({ first, children }: Props): ReactNode {
  const [spoken, speak] = useState(first);
  const choice = useMemo(
    () => ({
      ...spoken,
      choose: (language: Language) => {
        loadLanguage(language)
          .then((next) => {
            rememberLanguage(language);
            speak(next);
          })
          .catch(() => undefined);
      },
    }),
    [spoken],
  );
  return <LanguageContext value={choice}>{children}</LanguageContext>;
}
