import { Tag, Typography } from "antd";
import { useMemo, type ReactNode } from "react";
import { thumbnailPath } from "../../api/gallery";
import type { Preview } from "../../api/trainer";
import { outline, type Mark } from "../../editor/marks";
import { nameOf } from "../../editor/ShapeLayer";
import { fromShape } from "../../editor/shapes";
import { Stage } from "../../editor/Stage";
import { useWords } from "../../i18n/language";
import { labelColour, type Colours } from "../../ui/theme";
import { useLabelColours } from "../projects/useLabels";
import { useProject } from "../projects/useProject";

const SIZE = 512;
const LINES = 5;

interface Props {
  readonly previews: readonly Preview[];
  readonly epoch: number;
  readonly active: boolean;
}

/** The same few held-out images with what the model finds on them, as far as it has learnt. */
export function Previews({ previews, epoch, active }: Props): ReactNode {
  const words = useWords().training;
  const project = useProject();
  const colours = useLabelColours(project.id);
  if (previews.length === 0) {
    return <Typography.Text type="secondary">{active ? words.previewsComing : words.previewsNone}</Typography.Text>;
  }
  return (
    <section aria-label={words.previews}>
      <Typography.Text type="secondary">
        {active ? words.previewsAfter(epoch) : words.previewsLast} {words.previewsHelp}
      </Typography.Text>
      <div className="preview-grid" data-testid="previews">
        {previews.map((preview) => (
          <PreviewTile key={preview.image_id} preview={preview} colours={colours} />
        ))}
      </div>
    </section>
  );
}

interface TileProps {
  readonly preview: Preview;
  readonly colours: Colours;
}

function PreviewTile({ preview, colours }: TileProps): ReactNode {
  const words = useWords().training;
  const project = useProject();
  const { image_id: imageId, name, shapes, left_out: further, annotated } = preview;
  const isText = project.task === "ocr";
  const marks = useMemo(
    () =>
      shapes.map((shape, place): Mark => ({
        id: String(place),
        outline: outline(shape),
        mask: shape.rle,
        colour: labelColour(colours, shape.label),
        caption: nameOf(fromShape(shape, String(place)), ""),
      })),
    [shapes, colours],
  );
  const there = Object.entries(annotated).map(([label, count]) => (count === 1 ? label : `${label} × ${count}`));
  return (
    <figure className="preview-tile">
      <Stage
        path={thumbnailPath(project.id, imageId, SIZE)}
        name={name}
        image={preview}
        marks={marks}
        wheel="after-click"
        // Of small pictures with many lines the captions would hide what is found; they stand below.
        captions={!isText}
        height={190}
      />
      <figcaption>
        <span className="one-line" title={name}>
          {name}
        </span>
        <Typography.Text type="secondary">{words.annotated(there.join(words.comma))}</Typography.Text>
        {project.task === "classification" ? (
          <span>
            {shapes.map(({ label, score }) => (
              <Tag key={label} color={labelColour(colours, label)}>
                {label} {(score ?? 0).toFixed(2)}
              </Tag>
            ))}
          </span>
        ) : (
          <Typography.Text>{words.found(shapes.length + further)}</Typography.Text>
        )}
        {isText && (
          <Typography.Text className="preview-texts">
            {shapes.slice(0, LINES).map(({ text }, place) => (
              <span key={place} className="one-line">
                {text}
              </span>
            ))}
          </Typography.Text>
        )}
        {further > 0 && <Typography.Text type="secondary">{words.leftOut(further)}</Typography.Text>}
      </figcaption>
    </figure>
  );
}
