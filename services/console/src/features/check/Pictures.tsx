import { useQueryClient } from "@tanstack/react-query";
import { Button, Space } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Finding } from "../../api/annotation";
import { thumbnailPath } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { Thumbnail } from "../../ui/Thumbnail";
import { placeInAddress } from "../annotate/place";
import { DeleteChosen } from "../gallery/DeleteChosen";
import { useProject } from "../projects/useProject";

/** Where something was found: the image by its name, or two pictures side by side. */
export function Pictures({ finding }: { readonly finding: Finding }): ReactNode {
  const words = useWords();
  const project = useProject();
  if (finding.image_id === "") return words.check.wholeProject;
  if (finding.other_image_id === "") return finding.image_name;
  const both = [
    [finding.image_id, finding.image_name],
    [finding.other_image_id, finding.other_image_name],
  ] as const;
  return (
    <Space orientation="vertical" size="small">
      {both.map(([id, name]) => (
        <Space key={id}>
          <Thumbnail path={thumbnailPath(project.id, id)} alt={name} />
          <Link to={`/projects/${project.id}/annotate/${id}`}>{name}</Link>
        </Space>
      ))}
    </Space>
  );
}

/** To the editor, with the place marked; a label of which there is too little is drawn on further images. */
export function Mend({ finding }: { readonly finding: Finding }): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const room = `/projects/${project.id}/annotate`;
  if (finding.rule === "leaked") {
    return (
      <DeleteChosen
        projectId={project.id}
        chosen={[finding.image_id]}
        onDone={() => void queries.invalidateQueries({ queryKey: ["label-check", project.id] })}
      />
    );
  }
  if (finding.image_id === "") {
    return (
      <Link to={`${room}?status=unlabelled`}>
        <Button size="small">{words.check.annotateMore}</Button>
      </Link>
    );
  }
  return (
    <Link to={`${room}/${finding.image_id}${placeInAddress(finding.place)}`}>
      <Button size="small" type="primary">
        {words.check.mend}
      </Button>
    </Link>
  );
}
