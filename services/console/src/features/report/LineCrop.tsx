import { PictureOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import type { LinePlace } from "../../api/evaluator";
import { contentPath } from "../../api/gallery";
import { usePicture } from "../../ui/usePicture";
import { useProject } from "../projects/useProject";

/** Around a line, as a share of its shorter side, so that cut signs are seen to be cut. */
const MARGIN = 0.35;
/** From here on a line stands: it gets more room upwards. */
const UPRIGHT = 1.5;

/** The part of an image in which a line is. */
export function LineCrop({ line, alt }: { readonly line: LinePlace; readonly alt: string }): ReactNode {
  const project = useProject();
  const { url, error } = usePicture(contentPath(project.id, line.image_id));
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = line.box;
  const width = Math.max(1, x2 - x1);
  const height = Math.max(1, y2 - y1);
  const margin = MARGIN * Math.min(width, height);
  const name = height > UPRIGHT * width ? "line-crop line-crop-upright" : "line-crop";
  if (url === null) {
    return (
      <span className={name}>
        <PictureOutlined className={error === null ? "thumbnail-waiting" : "thumbnail-broken"} />
      </span>
    );
  }
  return (
    <svg
      className={name}
      role="img"
      aria-label={alt}
      viewBox={[x1 - margin, y1 - margin, width + 2 * margin, height + 2 * margin].join(" ")}
    >
      <image href={url} width={line.width} height={line.height} preserveAspectRatio="none" />
      <rect className="line-crop-edge" x={x1} y={y1} width={width} height={height} />
    </svg>
  );
}
