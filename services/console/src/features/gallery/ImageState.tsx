import { Tag, Tooltip } from "antd";
import type { ReactNode } from "react";
import type { GalleryImage, ImageStatus, ReviewState } from "../../api/gallery";
import { useWords } from "../../i18n/language";

const COLOURS: Record<ImageStatus, string> = {
  unlabelled: "default",
  labelled: "green",
  tested: "blue",
};

export const REVIEW_COLOURS: Record<ReviewState, string> = {
  draft: "default",
  submitted: "purple",
  accepted: "green",
  returned: "gold",
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
  const { review } = image;
  return (
    <>
      <Tag color={COLOURS[image.status]}>{words.imageStatus[image.status]}</Tag>
      {review !== null && review !== "draft" && <Tag color={REVIEW_COLOURS[review]}>{words.reviewState[review]}</Tag>}
    </>
  );
}
