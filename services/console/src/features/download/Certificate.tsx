import { Alert, Typography } from "antd";
import type { ReactNode } from "react";
import type { Certified, Export } from "../../api/inference";
import { useWords, type Words } from "../../i18n/language";
import { HelpTip } from "../../ui/HelpTip";
import { useProject } from "../projects/useProject";
import { AccuracyTable, points } from "./AccuracyTable";

/** How the exported file answered beside the reported model, and who signed it. */
export function Certificate({ one }: { readonly one: Export }): ReactNode {
  const words = useWords();
  const { task } = useProject();
  const found = one.certificate;
  if (found === null) return "—";
  const { download } = words;
  return (
    <>
      {one.target === "onnx-int8" ? (
        <Lossy found={found} />
      ) : (
        <div>
          {download.equal(found.images)} ·{" "}
          {task === "semantic_segmentation"
            ? download.masksAgree(found.mask_iou.toFixed(5))
            : apart(words, found.score, task === "classification" ? null : found.box_px)}
          {task === "instance_segmentation" && ` · ${download.masksAgree(found.mask_iou.toFixed(5))}`}
        </div>
      )}
      {found.images < found.held_out && (
        <Typography.Text type="secondary">{download.ofHeldOut(found.images, found.held_out)}</Typography.Text>
      )}
      {found.accuracy.length > 0 && <AccuracyTable changes={found.accuracy} />}
      <Hash name={download.sha256} help={download.sha256Help} value={one.sha256} />
      <Hash name={download.fingerprint} help={download.fingerprintHelp} value={one.fingerprint} />
    </>
  );
}

/** A file that answers otherwise than the report: how often, and what it may lose. */
function Lossy({ found }: { readonly found: Certified }): ReactNode {
  const { download } = useWords();
  const [all] = found.accuracy;
  return (
    <>
      <div>
        {download.agree((found.agreement * 100).toFixed(1), found.images)}
        {all !== undefined && ` · ${download.f1Change(points(all))}`}
      </div>
      {found.degraded && <Alert type="warning" showIcon title={download.degraded} />}
    </>
  );
}

function apart({ download }: Words, score: number, boxPx: number | null): string {
  const scores = download.scoreApart(score.toExponential(1));
  return boxPx === null ? scores : `${scores} · ${download.boxApart(boxPx.toFixed(4))}`;
}

interface HashProps {
  readonly name: string;
  readonly help: string;
  readonly value: string;
}

/** A hash whole, in groups of four, as people compare it; copied it has no blanks. */
function Hash({ name, help, value }: HashProps): ReactNode {
  return (
    <div className="export-hash">
      {name} <HelpTip title={name} text={help} />{" "}
      <Typography.Text code copyable={{ text: value }}>
        {value.match(/.{1,4}/gu)?.join(" ")}
      </Typography.Text>
    </div>
  );
}
