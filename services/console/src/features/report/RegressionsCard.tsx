import { Pagination, Segmented, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { useNavigate } from "react-router";
import type { Regression, RegressionState } from "../../api/evaluator";
import { thumbnailPath } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { Section } from "../../ui/Section";
import { Thumbnail } from "../../ui/Thumbnail";
import { usePlace } from "../../ui/usePage";
import { imageAddress } from "../gallery/filters";
import { useProject } from "../projects/useProject";

/** What needs a look comes first. */
const STATES: readonly RegressionState[] = ["newly_broken", "still_wrong", "fixed", "still_right"];
const IMAGES_A_PAGE = 12;

/** Images that a person once corrected: whether this version has learnt them, and unlearnt none. */
export function RegressionsCard({ regressions }: { readonly regressions: readonly Regression[] }): ReactNode {
  const words = useWords();
  const counts = STATES.map((state) => ({ state, images: regressions.filter((one) => one.state === state) }));
  const there = counts.filter(({ images }) => images.length > 0);
  return (
    <Section
      name="regressions"
      title={words.report.regressions}
      help={words.report.regressionsHelp}
      hint={there.map(({ state, images }) => `${words.report.states[state]} ${images.length}`).join(" · ")}
    >
      {there.length === 0 ? (
        <Typography.Text type="secondary">{words.report.noRegressions}</Typography.Text>
      ) : (
        <Images groups={there} />
      )}
    </Section>
  );
}

interface Group {
  readonly state: RegressionState;
  readonly images: readonly Regression[];
}

function Images({ groups }: { readonly groups: readonly Group[] }): ReactNode {
  const words = useWords();
  const project = useProject();
  const go = useNavigate();
  const [state, setState] = useState(groups[0]?.state);
  const { page, turn } = usePlace(state ?? "", IMAGES_A_PAGE);
  const group = groups.find((one) => one.state === state) ?? groups[0];
  const images = group?.images ?? [];
  return (
    <div data-testid="regressions">
      <Segmented<RegressionState>
        value={group?.state ?? "fixed"}
        onChange={setState}
        options={groups.map((one) => ({
          value: one.state,
          label: `${words.report.states[one.state]} (${one.images.length})`,
        }))}
      />
      <div className="regression-grid">
        {images.slice((page - 1) * IMAGES_A_PAGE, page * IMAGES_A_PAGE).map(({ image_id: id }) => (
          <Thumbnail
            key={id}
            path={thumbnailPath(project.id, id)}
            alt={words.report.openImage(id)}
            onOpen={() => void go(imageAddress(project.id, id))}
          />
        ))}
      </div>
      <Pagination
        size="small"
        hideOnSinglePage
        current={page}
        pageSize={IMAGES_A_PAGE}
        total={images.length}
        showSizeChanger={false}
        onChange={turn}
      />
    </div>
  );
}
