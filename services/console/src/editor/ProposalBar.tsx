import { CheckOutlined, CheckSquareOutlined, CloseOutlined, LeftOutlined, RightOutlined } from "@ant-design/icons";
import { Button, Checkbox, Slider, Space, Spin } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../i18n/language";
import { ProblemAlert } from "../ui/ProblemAlert";
import { useKeymap } from "./keymap";
import type { Action } from "./keys";
import { nameOf } from "./ShapeLayer";
import type { Proposals, Proposing } from "./useProposals";

interface Props {
  readonly proposing: Proposing;
  readonly proposals: Proposals;
  /** The proposals are not at hand while something else is under way. */
  readonly busy: boolean;
  readonly onAct: (action: Action) => void;
}

/** Under the picture: what is proposed, which one is at hand, and how sure the version must be. */
export function ProposalBar({ proposing, proposals, busy, onAct }: Props): ReactNode {
  const words = useWords();
  const { named } = useKeymap();
  const { is, threshold, least } = proposing;
  if (is === "off") return null;
  const none = busy || proposals.open.length === 0;
  const button = (action: Action, name: string, icon: ReactNode, primary = false) => (
    <Button
      type={primary ? "primary" : "default"}
      icon={icon}
      disabled={none}
      title={named(name, action)}
      aria-label={name}
      onClick={(event) => {
        // A button that keeps the focus would take the next Enter.
        event.currentTarget.blur();
        onAct(action);
      }}
    />
  );
  return (
    <div className="trial-bar" role="group" aria-label={words.editor.proposals.title} data-testid="proposals">
      {is === "failed" ? (
        <ProblemAlert error={proposing.error} onRetry={proposing.onAsk} />
      ) : (
        <Said proposing={proposing} proposals={proposals} />
      )}
      {is === "here" && proposing.found.length > 0 && (
        <>
          <Space.Compact size="small">
            {button("previous proposal", words.editor.actions["previous proposal"], <LeftOutlined />)}
            {button("next proposal", words.editor.actions["next proposal"], <RightOutlined />)}
          </Space.Compact>
          <Space.Compact size="small">
            {button("finish", words.editor.proposals.accept, <CheckOutlined />, true)}
            {button("delete", words.editor.proposals.reject, <CloseOutlined />)}
            {button("accept all", words.editor.actions["accept all"], <CheckSquareOutlined />)}
          </Space.Compact>
          <span>{words.editor.proposals.threshold}</span>
          <Slider
            min={least}
            max={1}
            step={0.05}
            value={threshold}
            onChange={proposing.onThreshold}
            ariaLabelForHandle={words.editor.proposals.threshold}
            tooltip={{ open: false }}
          />
          <output>{threshold.toFixed(2)}</output>
        </>
      )}
      <Checkbox checked={proposing.byItself} onChange={({ target }) => proposing.onByItself(target.checked)}>
        {words.editor.proposals.byItself}
      </Checkbox>
    </div>
  );
}

function Said({ proposing, proposals: { open, at } }: Pick<Props, "proposing" | "proposals">): ReactNode {
  const words = useWords();
  const { is, version, found, wayOut } = proposing;
  const said = words.editor.proposals;
  if (is === "asking") {
    return (
      <span>
        <Spin size="small" /> {said.asking}
      </span>
    );
  }
  if (is === "unserved") {
    return (
      <span>
        {said.unserved} {wayOut}
      </span>
    );
  }
  if (at === null) return <span>{found.length === 0 ? said.nothing(version) : said.done(version)}</span>;
  return (
    <span>
      {said.place(version, open.indexOf(at) + 1, open.length)} <b>{nameOf(at, words.editor.ignored)}</b>
    </span>
  );
}
