import { outline } from "../../api/inference";
import { clicksText, type Outlining } from "../../editor/pointing";
import { fromShape } from "../../editor/shapes";
import { useProject } from "./useProject";

/** Asks the platform what clicks on an image mean; what it gives is the person's who keeps it. */
export function useOutlining(imageId: string): Outlining {
  const { id: projectId } = useProject();
  return async (clicks, kind, id) => {
    const { points, rle, angle } = await outline(projectId, imageId, clicksText(clicks), kind);
    return fromShape({ id, kind, label: "", points, rle, angle }, id);
  };
}
