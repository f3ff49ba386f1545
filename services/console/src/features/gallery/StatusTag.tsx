import { Tag } from "antd";
import type { ReactNode } from "react";
import type { ImageStatus } from "../../api/gallery";
import { useWords } from "../../i18n/language";

const COLOURS: Record<ImageStatus, string> = {
  unlabelled: "default",
  labelled: "green",
  tested: "blue",
};

export function StatusTag({ status }: { readonly status: ImageStatus }): ReactNode {
  const words = useWords();
  return <Tag color={COLOURS[status]}>{words.imageStatus[status]}</Tag>;
}
