import { useQuery } from "@tanstack/react-query";
import { Card, Tag, Typography } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { listImages, summariseImages, thumbnailPath } from "../../api/gallery";
import { listTrainings, type Training } from "../../api/trainer";
import type { Project } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { percent, time } from "../../ui/format";
import { Thumbnail } from "../../ui/Thumbnail";
import { ProjectMenu } from "./ProjectMenu";

const ENDED: readonly Training["status"][] = ["success", "failed", "terminated"];

/** One project of the list: what it holds, how good its newest version is, and what runs. */
export function ProjectCard({ project }: { readonly project: Project }): ReactNode {
  const words = useWords();
  return (
    <Card hoverable className="project-card">
      <div className="project-card-head">
        <Link to={`/projects/${project.id}/gallery`} className="project-link one-line" title={project.name}>
          {project.name}
        </Link>
        <Tag color="cyan">{words.tasks[project.task].name}</Tag>
        <ProjectMenu project={project} />
      </div>
      <div className="project-card-body">
        <Cover project={project} />
        <Figures projectId={project.id} />
      </div>
      <Typography.Paragraph type="secondary" ellipsis={{ rows: 2 }} className="project-card-notes">
        {project.notes === "" ? words.projects.noNotes : project.notes}
      </Typography.Paragraph>
      <div className="project-card-foot">
        <span>{time(project.created_at)}</span>
        {project.tiling !== null && <Tag>{words.projects.grid(project.tiling.rows, project.tiling.columns)}</Tag>}
      </div>
    </Card>
  );
}

/** The newest image; a card without one shows an empty frame, so that all cards stand alike. */
function Cover({ project }: { readonly project: Project }): ReactNode {
  const newest = useQuery({
    queryKey: ["images", project.id, "newest"],
    queryFn: () => listImages(project.id, { sort: "-uploaded_at", page: 1, page_size: 1 }),
  });
  const image = newest.data?.items[0];
  return (
    <div className="project-cover">
      {image !== undefined && <Thumbnail path={thumbnailPath(project.id, image.id)} alt="" />}
    </div>
  );
}

function Figures({ projectId }: { readonly projectId: string }): ReactNode {
  const { projects: words } = useWords();
  const images = useQuery({
    queryKey: ["images", projectId, "summary"],
    queryFn: () => summariseImages(projectId),
  });
  const trainings = useQuery({
    queryKey: ["trainings", projectId, "newest"],
    queryFn: () => listTrainings(projectId, 1, NEWEST),
  });
  const newest = trainings.data?.items ?? [];
  const made = newest.find(({ version }) => version !== null);
  const running = newest.find(({ status }) => !ENDED.includes(status));
  return (
    <ul className="project-figures">
      <li>{images.data === undefined ? "—" : words.images(images.data.total, images.data.total - images.data.unlabelled)}</li>
      <li>
        {made === undefined
          ? trainings.data !== undefined && words.untrained
          : words.newest(made.version ?? "", percent(made.average_detection_rate))}
      </li>
      {running !== undefined && (
        <li>
          <Tag color="processing">{words.trains}</Tag>
        </li>
      )}
    </ul>
  );
}

/** Among so many the newest version is found, though trainings after it were terminated. */
const NEWEST = 10;
