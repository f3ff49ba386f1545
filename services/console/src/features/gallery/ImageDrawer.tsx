import { useQuery } from "@tanstack/react-query";
import { Descriptions, Drawer, Space, Switch, Tag } from "antd";
import { useState, type ReactNode } from "react";
import { getAnnotation, type Annotation } from "../../api/annotation";
import { contentPath, thumbnailPath, type GalleryImage } from "../../api/gallery";
import { labelColour } from "../../app/theme";
import { useWords } from "../../i18n/language";
import { resolution, time } from "../../ui/format";
import { ImageStage, type Mark } from "../../ui/ImageStage";
import { outline } from "../../ui/outline";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useLabelNames } from "../projects/useLabelNames";
import { useProject } from "../projects/useProject";
import { ImageState } from "./ImageState";

const IGNORED_COLOUR = "#868e96";

interface Props {
  readonly image: GalleryImage | null;
  readonly onClose: () => void;
}

/** One image at full size with what is annotated on it. */
export function ImageDrawer({ image, onClose }: Props): ReactNode {
  return (
    <Drawer
      open={image !== null}
      onClose={onClose}
      title={image?.name ?? ""}
      size="min(1100px, 92vw)"
      destroyOnHidden
    >
      {image !== null && <Detail image={image} />}
    </Drawer>
  );
}

function Detail({ image }: { readonly image: GalleryImage }): ReactNode {
  const words = useWords();
  const project = useProject();
  const [marksShown, setMarksShown] = useState(true);
  const [captionsShown, setCaptionsShown] = useState(true);
  const annotation = useQuery({
    queryKey: ["annotation", project.id, image.id],
    queryFn: () => getAnnotation(project.id, image.id),
  });
  const names = useLabelNames(project.id);
  return (
    <div className="detail">
      <Space size="large" wrap>
        <Space>
          <Switch size="small" checked={marksShown} onChange={setMarksShown} />
          {words.gallery.showAnnotations}
        </Space>
        <Space>
          <Switch size="small" checked={captionsShown} onChange={setCaptionsShown} />
          {words.gallery.showLabelText}
        </Space>
      </Space>
      {annotation.isError && (
        <ProblemAlert error={annotation.error} onRetry={() => void annotation.refetch()} />
      )}
      <ImageStage
        path={contentPath(project.id, image.id)}
        preview={thumbnailPath(project.id, image.id)}
        image={image}
        marks={marksShown ? marksOf(annotation.data, names, words.gallery.ignored) : []}
        captions={captionsShown}
        height="calc(100vh - 300px)"
      />
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
          {
            key: "labels",
            label: words.gallery.labelText,
            children: <LabelCounts annotation={annotation.data} names={names} />,
          },
        ]}
      />
    </div>
  );
}

function marksOf(annotation: Annotation | undefined, names: readonly string[], ignored: string): Mark[] {
  if (annotation === undefined) return [];
  return [
    ...annotation.shapes.map((shape, place) => ({
      id: `shape ${place}`,
      outline: outline(shape),
      colour: labelColour(names, shape.label),
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

interface CountsProps {
  readonly annotation: Annotation | undefined;
  readonly names: readonly string[];
}

function LabelCounts({ annotation, names }: CountsProps): ReactNode {
  const labels = (annotation?.shapes ?? []).map(({ label }) => label);
  if (labels.length === 0) return "—";
  return [...new Set(labels)].map((name) => (
    <Tag key={name} color={labelColour(names, name)}>
      {name} × {labels.filter((label) => label === name).length}
    </Tag>
  ));
}
