import { useSyncExternalStore } from "react";
import { standing, subscribe } from "../api/session";
import { ROLES, type Role } from "../api/workspace";

/** Whether the reader's role may do what takes `least`; the platform judges anew whatever is sent. */
export function useMay(least: Role): boolean {
  const role = useSyncExternalStore(subscribe, standing).session?.role ?? "admin";
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}
