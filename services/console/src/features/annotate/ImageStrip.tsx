import { CheckCircleFilled, EditFilled, LikeFilled, RollbackOutlined, SendOutlined } from "@ant-design/icons";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { thumbnailPath, type GalleryImage, type ImageStatus, type ReviewState } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { Thumbnail } from "../../ui/Thumbnail";
import { inSight } from "./steps";
import type { Strip } from "./useStrip";

/** Width of a thumbnail with its gap. */
const CELL = 76;

const REVIEWED: Record<ReviewState, ReactNode> = {
  draft: <CheckCircleFilled />,
  submitted: <SendOutlined />,
  accepted: <LikeFilled />,
  returned: <RollbackOutlined />,
};

interface Props {
  readonly projectId: string;
  readonly strip: Strip;
  readonly current: string;
  readonly statusOf: (image: GalleryImage) => ImageStatus;
  /** Work on the image waits to be saved. */
  readonly waits: (imageId: string) => boolean;
  readonly onOpen: (imageId: string) => void;
}

/** All images in a row, with where each stands; of thousands only those in sight are there. */
export function ImageStrip({ projectId, strip, current, statusOf, waits, onOpen }: Props): ReactNode {
  const words = useWords();
  const row = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ left: 0, width: 1200 });
  const { images, hasMore, more } = strip;
  const place = strip.place(current);
  const [first, last] = inSight(sight.left, sight.width, CELL, images.length);

  useLayoutEffect(() => {
    const element = row.current;
    if (element !== null && place >= 0) element.scrollLeft = place * CELL - (element.clientWidth - CELL) / 2;
  }, [place]);
  const nearEnd = hasMore && images.length > 0 && last >= images.length;
  useEffect(() => {
    if (nearEnd) void more();
    // One page at a time: the next one is asked for when this one is there.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [nearEnd, images.length]);

  return (
    <div
      ref={row}
      className="strip"
      role="group"
      aria-label={words.annotate.strip}
      onScroll={({ currentTarget }) => setSight({ left: currentTarget.scrollLeft, width: currentTarget.clientWidth })}
    >
      <div className="strip-row" style={{ width: images.length * CELL }}>
        {images.slice(first, last).map((image, index) => (
          <div
            key={image.id}
            className={image.id === current ? "strip-cell strip-current" : "strip-cell"}
            style={{ left: (first + index) * CELL }}
            title={[image.name, words.imageStatus[statusOf(image)], ...(image.review === null ? [] : [words.reviewState[image.review]])].join(" · ")}
          >
            <Thumbnail path={thumbnailPath(projectId, image.id)} alt={image.name} onOpen={() => onOpen(image.id)} />
            <span className={`strip-state strip-${statusOf(image)}`} data-status={statusOf(image)} data-review={image.review ?? ""}>
              {waits(image.id) ? <EditFilled /> : statusOf(image) === "labelled" && REVIEWED[image.review ?? "draft"]}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}
