import { BorderOuterOutlined, DownloadOutlined, EditOutlined, LeftOutlined, RightOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { App, Button, Descriptions, Drawer, Skeleton, Space, Switch } from "antd";
import { useMemo, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { getAnnotation, type Annotation } from "../../api/annotation";
import {
  contentPath,
  getImage,
  originalPath,
  thumbnailPath,
  type ImageDetail,
  type TileImage,
} from "../../api/gallery";
import { saveFile } from "../../api/http";
import { outline, type Mark } from "../../editor/marks";
import { Stage } from "../../editor/Stage";
import { useWords } from "../../i18n/language";
import { bytes, resolution, time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { LabelCounts } from "../../ui/LabelCounts";
import { labelColour, type Colours } from "../../ui/theme";
import { Thumbnail } from "../../ui/Thumbnail";
import { useStepKeys } from "../../ui/useStepKeys";
import { useLabelColours } from "../projects/useLabels";
import { useProject } from "../projects/useProject";
import { annotateAddress } from "./filters";
import { ImageState } from "./ImageState";
import { tileMark } from "./tileMark";
import type { Neighbours } from "./useNeighbours";

const IGNORED_COLOUR = "#868e96";
const NO_MARKS: readonly Mark[] = [];

interface Props {
  /** The image to show; "" closes the drawer. */
  readonly imageId: string;
  readonly neighbours: Neighbours;
  /** Shows another image: a tile, or the image that a tile was cut from. */
  readonly onOpen: (imageId: string) => void;
  readonly onClose: () => void;
}

/** One image at full size with what is annotated on it, and with its tiles where it was cut. */
export function ImageDrawer({ imageId, neighbours, onOpen, onClose }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const image = useQuery({
    queryKey: ["images", project.id, "one", imageId],
    queryFn: () => getImage(project.id, imageId),
    enabled: imageId !== "",
  });
  return (
    <Drawer
      open={imageId !== ""}
      onClose={onClose}
      title={<span className="one-line">{imageId === "" ? "" : (image.data?.name ?? "…")}</span>}
      extra={
        <Space>
          {imageId !== "" && <Steps neighbours={neighbours} />}
          {imageId !== "" && (
            <Link to={annotateAddress(project.id, imageId)}>
              <Button icon={<EditOutlined />}>{words.annotate.annotate}</Button>
            </Link>
          )}
          {image.data !== undefined && <Download image={image.data} />}
        </Space>
      }
      size="min(1100px, 92vw)"
      destroyOnHidden
    >
      {image.isError && <ProblemAlert error={image.error} onRetry={() => void image.refetch()} />}
      {imageId !== "" && image.isPending && <Skeleton active paragraph={{ rows: 8 }} />}
      {image.data !== undefined && <Detail key={image.data.id} image={image.data} onOpen={onOpen} />}
    </Drawer>
  );
}

/** To the image before and after, by button and by arrow key. */
function Steps({ neighbours }: { readonly neighbours: Neighbours }): ReactNode {
  const words = useWords();
  const { place, total, next, previous } = neighbours;
  useStepKeys({ next, previous });
  if (place === null) return null;
  return (
    <Space>
      <span className="drawer-place">{words.gallery.placeOf(place, total)}</span>
      <Space.Compact>
        <Button
          icon={<LeftOutlined />}
          disabled={previous === null}
          title={words.gallery.previous}
          aria-label={words.gallery.previous}
          onClick={() => previous?.()}
        />
        <Button
          icon={<RightOutlined />}
          disabled={next === null}
          title={words.gallery.next}
          aria-label={words.gallery.next}
          onClick={() => next?.()}
        />
      </Space.Compact>
    </Space>
  );
}

function Download({ image }: { readonly image: ImageDetail }): ReactNode {
  const words = useWords();
  const project = useProject();
  const { message } = App.useApp();
  const saving = useMutation({
    mutationFn: () => saveFile(originalPath(project.id, image.id), image.name),
    onError: (error) => void message.error(error.message),
  });
  return (
    <Button icon={<DownloadOutlined />} loading={saving.isPending} onClick={() => saving.mutate()}>
      {words.gallery.download(bytes(image.size_bytes))}
    </Button>
  );
}

interface DetailProps {
  readonly image: ImageDetail;
  readonly onOpen: (imageId: string) => void;
}

function Detail({ image, onOpen }: DetailProps): ReactNode {
  const words = useWords();
  const project = useProject();
  const [marksShown, setMarksShown] = useState(true);
  const [captionsShown, setCaptionsShown] = useState(true);
  const annotation = useQuery({
    queryKey: ["annotation", project.id, image.id],
    queryFn: () => getAnnotation(project.id, image.id),
  });
  const colours = useLabelColours(project.id);
  const tiles = image.tile_images;
  const marksWord = tiles.length > 0 ? words.gallery.showTiles : words.gallery.showAnnotations;
  const parent = image.parent_id;
  const marks = useMemo(
    () => [...marksOf(annotation.data, colours, words.gallery.ignored), ...tiles.map(tileMark)],
    [annotation.data, colours, words, tiles],
  );
  return (
    <div className="detail">
      <Space size="large" wrap>
        <Space>
          <Switch size="small" checked={marksShown} onChange={setMarksShown} aria-label={marksWord} />
          {marksWord}
        </Space>
        <Space>
          <Switch
            size="small"
            checked={captionsShown}
            onChange={setCaptionsShown}
            aria-label={words.gallery.showLabelText}
          />
          {words.gallery.showLabelText}
        </Space>
        {parent !== null && (
          <Button size="small" icon={<BorderOuterOutlined />} onClick={() => onOpen(parent)}>
            {words.gallery.openWhole}
          </Button>
        )}
      </Space>
      {annotation.isError && (
        <ProblemAlert error={annotation.error} onRetry={() => void annotation.refetch()} />
      )}
      <Stage
        path={contentPath(project.id, image.id)}
        preview={thumbnailPath(project.id, image.id)}
        name={image.name}
        image={image}
        marks={marksShown ? marks : NO_MARKS}
        captions={captionsShown}
        height={tiles.length > 0 ? "calc(100vh - 470px)" : "calc(100vh - 300px)"}
      />
      {tiles.length > 0 && <TileStrip tiles={tiles} onOpen={onOpen} />}
      <Facts image={image} annotation={annotation.data} colours={colours} />
    </div>
  );
}

interface FactsProps {
  readonly image: ImageDetail;
  readonly annotation: Annotation | undefined;
  readonly colours: Colours;
}

function Facts({ image, annotation, colours }: FactsProps): ReactNode {
  const words = useWords();
  return (
    <Descriptions
      size="small"
      column={{ xs: 1, md: 3 }}
      items={[
        { key: "status", label: words.gallery.status, children: <ImageState image={image} /> },
        {
          key: "resolution",
          label: words.gallery.resolution,
          children: resolution(image.width, image.height),
        },
        { key: "uploaded", label: words.gallery.uploadedAt, children: time(image.uploaded_at) },
        ...(image.parent_id === null
          ? []
          : [
              {
                key: "place",
                label: words.gallery.place,
                children: words.gallery.tileAt((image.row ?? 0) + 1, (image.column ?? 0) + 1),
              },
            ]),
        {
          key: "labels",
          label: words.gallery.labelText,
          children: (
            <LabelCounts labels={(annotation?.shapes ?? []).map(({ label }) => label)} colours={colours} />
          ),
        },
      ]}
    />
  );
}

interface StripProps {
  readonly tiles: readonly TileImage[];
  readonly onOpen: (imageId: string) => void;
}

/** The tiles of an image in the order they were numbered; each opens like any image. */
function TileStrip({ tiles, onOpen }: StripProps): ReactNode {
  const words = useWords();
  const project = useProject();
  return (
    <div className="tile-strip" data-testid="tile-strip">
      {tiles.map((tile, place) => (
        <figure key={tile.id} title={words.gallery.tileAt(tile.row + 1, tile.column + 1)}>
          <Thumbnail
            path={thumbnailPath(project.id, tile.id)}
            alt={tile.name}
            onOpen={() => onOpen(tile.id)}
          />
          <figcaption>{place + 1}</figcaption>
        </figure>
      ))}
    </div>
  );
}

function marksOf(annotation: Annotation | undefined, colours: Colours, ignored: string): Mark[] {
  if (annotation === undefined) return [];
  return [
    ...annotation.shapes.map((shape, place) => ({
      id: `shape ${place}`,
      outline: outline(shape),
      mask: shape.rle,
      colour: labelColour(colours, shape.label),
      caption: shape.label,
    })),
    ...annotation.ignore_regions.map((region, place) => ({
      id: `ignored ${place}`,
      outline: outline({ kind: "polygon", points: region.points }),
      colour: IGNORED_COLOUR,
      caption: ignored,
      dashed: true,
    })),
  ];
}
