import { CheckOutlined, RollbackOutlined, SendOutlined } from "@ant-design/icons";
import { Alert, Button, Input, Modal, Space, Tag } from "antd";
import { useState, type ReactNode } from "react";
import type { Annotation } from "../../api/annotation";
import { useKeymap } from "../../editor/keymap";
import type { Action } from "../../editor/keys";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { REVIEW_COLOURS } from "../gallery/ImageState";
import type { Reviewing } from "./reviewing";

const LONGEST = 1000;
const ICONS = { submit: <SendOutlined />, accept: <CheckOutlined />, "send back": <RollbackOutlined /> } as const;
const ACTIONS = Object.keys(ICONS) as (keyof typeof ICONS)[];

interface Props {
  readonly annotation: Annotation;
  readonly reviewing: Reviewing;
  readonly onAct: (action: Action) => void;
}

/** Where the annotation stands, and what the person may say of it. */
export function ReviewBar({ annotation, reviewing, onAct }: Props): ReactNode {
  const words = useWords();
  const { named } = useKeymap();
  const { may, pending } = reviewing;
  const { annotated, review } = annotation;
  const said = { submit: review === "accepted" || review === "submitted", accept: review === "accepted", "send back": false };
  return (
    <div className="review-bar" role="group" aria-label={words.annotate.review} data-testid="review">
      <span role="status">
        {annotated ? <Tag color={REVIEW_COLOURS[review]}>{words.reviewState[review]}</Tag> : <span className="secondary">{words.annotate.notYet}</span>}
      </span>
      <Space.Compact size="small">
        {ACTIONS.filter((action) => may.has(action)).map((action) => (
          <Button
            key={action}
            icon={ICONS[action]}
            loading={pending}
            disabled={said[action]}
            title={named(words.editor.actions[action], action)}
            aria-label={words.editor.actions[action]}
            onClick={() => onAct(action)}
          />
        ))}
      </Space.Compact>
    </div>
  );
}

/** Why the annotation came back, before the eyes of whoever works on it. */
export function Returned({ annotation }: { readonly annotation: Annotation }): ReactNode {
  const words = useWords();
  const [last] = annotation.reviews;
  if (annotation.review !== "returned" || last === undefined) return null;
  return (
    <div className="workbench-notice">
      <Alert
        type="warning"
        closable
        data-testid="returned"
        title={words.annotate.returnedBy(last.author, time(last.at))}
        description={last.comment}
      />
    </div>
  );
}

interface ReturnProps {
  readonly onReturn: (comment: string) => void;
  readonly onClose: () => void;
}

/** Asks what is to be done before an annotation is returned. */
export function ReturnDialog({ onReturn, onClose }: ReturnProps): ReactNode {
  const words = useWords();
  const [comment, setComment] = useState("");
  const told = comment.trim();
  return (
    <Modal
      open
      title={words.editor.actions["send back"]}
      okText={words.annotate.sendBack}
      okButtonProps={{ disabled: told === "" }}
      onOk={() => onReturn(told)}
      onCancel={onClose}
    >
      <Input.TextArea
        autoFocus
        rows={3}
        maxLength={LONGEST}
        value={comment}
        aria-label={words.annotate.comment}
        placeholder={words.annotate.comment}
        onChange={(event) => setComment(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && told !== "") onReturn(told);
        }}
      />
    </Modal>
  );
}

/** What was said of the annotation, newest first. */
export function ReviewList({ annotation }: { readonly annotation: Annotation }): ReactNode {
  const words = useWords();
  if (annotation.reviews.length === 0) return null;
  return (
    <section aria-label={words.annotate.review}>
      <h3 className="changes-head">{words.annotate.review}</h3>
      <ul className="changes">
        {annotation.reviews.map((one) => (
          <li key={one.at}>
            <div>
              <strong>{time(one.at)}</strong> {one.author}
              <br />
              <span className="secondary">{words.reviewState[one.word]}</span>
              {one.comment !== "" && <p className="review-comment">{one.comment}</p>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
