import { Tag, Tooltip } from "antd";
import type { ReactNode } from "react";
import type { GalleryImage, ImageStatus } from "../../api/gallery";
import { useWords } from "../../i18n/language";

const COLOURS: Record<ImageStatus, string> = {
  unlabelled: "default",
  labelled: "green",
  tested: "blue",
};

/** Where an image stands; while it is cut into tiles, or could not be, that comes first. */
export function ImageState({ image }: { readonly image: GalleryImage }): ReactNode {
  const words = useWords();
  if (image.tiling === "waiting") return <Tag color="processing">{words.gallery.cutting}</Tag>;
  if (image.tiling === "failed") {
    return (
      <Tooltip title={image.tiling_reason}>
        <Tag color="error">{words.gallery.notCut}</Tag>
      </Tooltip>
    );
  }
  return <Tag color={COLOURS[image.status]}>{words.imageStatus[image.status]}</Tag>;
}
