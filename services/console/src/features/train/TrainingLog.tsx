import { Card, Empty } from "antd";
import type { ReactNode } from "react";
import type { History } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";

/** What happened, the latest first. */
export function TrainingLog({ lines }: { readonly lines: History["log"] }): ReactNode {
  const words = useWords().training;
  return (
    <Card title={words.log}>
      {lines.length === 0 ? (
        <Empty description={words.logNone} />
      ) : (
        <ol className="training-log">
          {lines.toReversed().map(({ at, text }, place) => (
            <li key={lines.length - place}>
              <time dateTime={at}>{time(at)}</time> <span>{text}</span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
