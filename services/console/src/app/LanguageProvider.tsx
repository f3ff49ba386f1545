import { useMemo, useState, type ReactNode } from "react";
import { initialLanguage, LanguageContext, rememberLanguage, type Language } from "../i18n/language";

export function LanguageProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState<Language>(initialLanguage);
  const choice = useMemo(
    () => ({
      language,
      choose: (next: Language) => {
        rememberLanguage(next);
        setLanguage(next);
      },
    }),
    [language],
  );
  return <LanguageContext value={choice}>{children}</LanguageContext>;
}
