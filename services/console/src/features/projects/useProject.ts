import { useOutletContext } from "react-router";
import type { Project } from "../../api/workspace";

/** The project whose page this is. */
export function useProject(): Project {
  return useOutletContext<Project>();
}
