import { FACTS } from "../api/generated/facts";
import { useWords } from "../i18n/language";
import { useMay } from "./useMay";

/** What changes something, as its service names it. */
export type Call = keyof typeof FACTS.least_roles;

/** Why the reader's role may not ask for a call, for the button that would; "" where it may. */
export function useRefusal(call: Call): string {
  const words = useWords();
  const role = FACTS.least_roles[call];
  return useMay(role) ? "" : words.common.takesRole(words.keys.roles[role].name);
}
