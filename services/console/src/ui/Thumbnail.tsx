import { PictureOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import { usePicture } from "./usePicture";
import "./thumbnail.css";

interface Props {
  readonly path: string;
  readonly alt: string;
  readonly onOpen?: () => void;
}

/** A small picture that keeps its place while it loads. */
export function Thumbnail({ path, alt, onOpen }: Props): ReactNode {
  const { url, error } = usePicture(path);
  const picture =
    url === null ? (
      <PictureOutlined className={error === null ? "thumbnail-waiting" : "thumbnail-broken"} />
    ) : (
      <img src={url} alt={alt} draggable={false} />
    );
  if (onOpen === undefined) return <span className="thumbnail">{picture}</span>;
  return (
    <button type="button" className="thumbnail" onClick={onOpen} aria-label={alt}>
      {picture}
    </button>
  );
}
