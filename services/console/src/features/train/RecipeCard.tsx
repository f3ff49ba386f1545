import { Button, Card, Collapse, Radio, Skeleton, Space, Tag, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { asProblem } from "../../api/problem";
import type { StoredRecipe, Training } from "../../api/trainer";
import { useWords, type Words } from "../../i18n/language";
import { clock, time } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { expected, paced, paceOf, same, timeForAsMuch, type Pace } from "./recipe";
import { RecipeFields } from "./RecipeFields";
import { RecipeRevisions } from "./RecipeRevisions";
import { sourceName } from "./RecipeSummary";
import type { RecipeDesk } from "./useRecipe";

interface Props {
  readonly desk: RecipeDesk;
  /** The latest training that succeeded, which tells how long one takes here. */
  readonly last: Training | undefined;
}

/** What the next training is told: a simple choice, every field, and what the project keeps of it. */
export function RecipeCard({ desk, last }: Props): ReactNode {
  const { recipe: words } = useWords();
  const { stored, shown } = desk;
  return (
    <Card
      title={
        <>
          {words.title} <HelpTip title={words.title} text={words.help} />
        </>
      }
      extra={stored !== undefined && stored.revision > 0 && <RecipeRevisions desk={desk} />}
    >
      {desk.error !== null && <ProblemAlert error={desk.error} onRetry={desk.retry} />}
      {stored === undefined && desk.error === null && <Skeleton active paragraph={{ rows: 2 }} />}
      {stored !== undefined && shown !== undefined && (
        <div className="recipe">
          <Paces desk={desk} stored={stored} shown={shown} last={last} />
          <Advanced desk={desk} shown={shown} />
          {desk.saveError !== null && (
            <ProblemAlert error={desk.saveError} onRetry={isOvertaken(desk.saveError) ? desk.retry : undefined} />
          )}
          <Keeping desk={desk} stored={stored} shown={shown} />
        </div>
      )}
    </Card>
  );
}

/** Somebody else saved meanwhile: theirs must be read before this is saved. */
function isOvertaken(error: Error): boolean {
  return asProblem(error).code === "version-conflict";
}

interface PartProps {
  readonly desk: RecipeDesk;
  readonly stored: StoredRecipe;
  readonly shown: StoredRecipe["recipe"];
}

const PACES: readonly Pace[] = ["quick", "usual", "thorough"];

function Paces({ desk, stored, shown, last }: PartProps & Pick<Props, "last">): ReactNode {
  const { recipe: words } = useWords();
  const pace = paceOf(shown, stored.defaults);
  return (
    <div>
      <Radio.Group
        className="recipe-paces"
        aria-label={words.title}
        value={pace}
        onChange={({ target }) => desk.change(paced(target.value as Pace, stored.defaults))}
      >
        {PACES.map((one) => (
          <Radio key={one} value={one} className="recipe-pace">
            <span className="recipe-pace-name">{words.paces[one].name}</span>
            <span className="recipe-pace-about">{words.paces[one].about}</span>
          </Radio>
        ))}
      </Radio.Group>
      <Typography.Text type="secondary" data-testid="recipe-time">
        {toldTime(shown, last, words)} {toldResolution(shown, last, words)}
      </Typography.Text>
    </div>
  );
}

function toldTime(shown: StoredRecipe["recipe"], last: Training | undefined, words: Words["recipe"]): string {
  const found = expected(shown, last);
  if (found === null) return words.timeUnknown(shown.epochs ?? 0);
  return found.known === "whole" ? words.timeWhole(clock(found.seconds)) : words.timeToLearn(clock(found.seconds));
}

/** What a chosen resolution asks of the time, which stays what it was. */
function toldResolution(shown: StoredRecipe["recipe"], last: Training | undefined, words: Words["recipe"]): string {
  const seconds = timeForAsMuch(shown, last);
  return seconds === null ? "" : words.timeForAsMuch(words.megapixels(shown.resolution), clock(seconds));
}

function Advanced({ desk, shown }: Omit<PartProps, "stored">): ReactNode {
  const { recipe: words } = useWords();
  const [open, setOpen] = useState(false);
  // What is refused must be seen.
  const active = open || desk.refused.length > 0;
  return (
    <Collapse
      activeKey={active ? ["advanced"] : []}
      onChange={(keys) => setOpen(keys.length > 0)}
      destroyOnHidden
      items={[
        {
          key: "advanced",
          label: words.advanced,
          children: <RecipeFields recipe={shown} refused={desk.refused} onChange={desk.change} />,
        },
      ]}
    />
  );
}

/** Which recipe a start would use, and what to do with what is changed. */
function Keeping({ desk, stored, shown }: PartProps): ReactNode {
  const { recipe: words } = useWords();
  const { recipe_from: source, set_at: at, set_by: by } = stored;
  return (
    <div className="recipe-keeping">
      <span data-testid="recipe-used">
        <Tag color={desk.changed ? "processing" : "default"}>
          {desk.changed ? words.changed : sourceName(source, words)}
        </Tag>
        <Typography.Text type="secondary">
          {desk.changed
            ? words.usedOnce
            : source.kind === "project"
              ? words.usedProject(by ?? "—", time(at))
              : words.usedDefaults}
        </Typography.Text>
      </span>
      <Space wrap>
        {!same(shown, stored.defaults) && (
          <Button onClick={() => desk.change(stored.defaults)}>{words.toDefaults}</Button>
        )}
        {desk.changed && <Button onClick={desk.discard}>{words.discard}</Button>}
        {desk.changed && (
          <Button type="primary" ghost loading={desk.saving} onClick={desk.save}>
            {words.save}
          </Button>
        )}
      </Space>
    </div>
  );
}
