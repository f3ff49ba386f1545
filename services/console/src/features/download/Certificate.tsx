import { Typography } from "antd";
import type { ReactNode } from "react";
import type { Export } from "../../api/inference";
import { useWords, type Words } from "../../i18n/language";
import { HelpTip } from "../../ui/HelpTip";
import { useProject } from "../projects/useProject";

/** How the exported file answered beside the reported model, and who signed it. */
export function Certificate({ one }: { readonly one: Export }): ReactNode {
  const words = useWords();
  const { task } = useProject();
  const found = one.certificate;
  if (found === null) return "—";
  const { download } = words;
  return (
    <>
      <div>
        {download.matched(found.matched, found.images)} ·{" "}
        {task === "semantic_segmentation"
          ? download.masksAgree(found.mask_iou.toFixed(5))
          : apart(words, found.score, task === "classification" ? null : found.box_px)}
        {task === "instance_segmentation" && ` · ${download.masksAgree(found.mask_iou.toFixed(5))}`}
      </div>
      {found.images < found.held_out && (
        <Typography.Text type="secondary">{download.ofHeldOut(found.images, found.held_out)}</Typography.Text>
      )}
      <div className="export-hash">
        {download.fingerprint}{" "}
        <HelpTip
          title={download.fingerprint}
          text={
            <>
              {download.fingerprintHelp}
              <br />
              {download.sha256}: {one.sha256}
            </>
          }
        />{" "}
        <Typography.Text code copyable={{ text: one.fingerprint }}>
          {grouped(one.fingerprint)}
        </Typography.Text>
      </div>
    </>
  );
}

function apart({ download }: Words, score: number, boxPx: number | null): string {
  const scores = download.scoreApart(score.toExponential(1));
  return boxPx === null ? scores : `${scores} · ${download.boxApart(boxPx.toFixed(4))}`;
}

/** The beginning of a fingerprint in groups of four, as people read it; copied is the whole. */
function grouped(fingerprint: string): string {
  return `${(fingerprint.slice(0, 16).match(/.{4}/gu) ?? []).join(" ")} …`;
}
