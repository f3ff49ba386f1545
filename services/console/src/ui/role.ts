/** What the signed-in person's role lets them do. */
import { useSyncExternalStore } from "react";
import { FACTS } from "../api/generated/facts";
import { standing, subscribe } from "../api/session";

export type Role = (typeof FACTS.roles)[number];

/** Whether they have at least this role; the platform decides where the role is not known. */
export function useMay(role: Role): boolean {
  const mine = useSyncExternalStore(subscribe, standing).session?.role ?? null;
  const known = FACTS.roles.findIndex((one) => one === mine);
  return known < 0 || known >= FACTS.roles.indexOf(role);
}
