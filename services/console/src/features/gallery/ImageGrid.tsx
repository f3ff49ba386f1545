import { Checkbox } from "antd";
import type { ReactNode } from "react";
import { thumbnailPath } from "../../api/gallery";
import { resolution } from "../../ui/format";
import { Thumbnail } from "../../ui/Thumbnail";
import { useProject } from "../projects/useProject";
import type { ListingProps } from "./ImageTable";
import { ImageState } from "./ImageState";
import "./gallery.css";

export function ImageGrid({ images, chosen, onChoose, onOpen }: ListingProps): ReactNode {
  const project = useProject();
  const toggle = (id: string, on: boolean): void =>
    onChoose(on ? [...chosen, id] : chosen.filter((other) => other !== id));
  return (
    <div className="image-grid">
      {images.map((image) => (
        <div key={image.id} className={chosen.includes(image.id) ? "tile tile-chosen" : "tile"}>
          <Checkbox
            className="tile-check"
            checked={chosen.includes(image.id)}
            onChange={(event) => toggle(image.id, event.target.checked)}
            aria-label={image.name}
          />
          <Thumbnail
            path={thumbnailPath(project.id, image.id)}
            alt={image.name}
            onOpen={() => onOpen(image)}
          />
          <div className="tile-foot">
            <span className="one-line" title={image.name}>
              {image.name}
            </span>
            <div className="tile-facts">
              <ImageState image={image} />
              <span className="secondary">{resolution(image.width, image.height)}</span>
            </div>
          </div>
        </div>
      ))}
    </div>
  );
}
