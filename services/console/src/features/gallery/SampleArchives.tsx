import { DownloadOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import type { ReactNode } from "react";
import { SAMPLE_FORMATS, saveSample, type SampleFormat } from "../../api/annotation";
import { useWords } from "../../i18n/language";

/** Sample archives to download, one of each format that can be imported. */
export function SampleArchives(): ReactNode {
  const words = useWords();
  const { message } = App.useApp();
  const save = (format: SampleFormat): void => {
    saveSample(format).catch(() => void message.error(words.imports.sampleFailed));
  };
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: SAMPLE_FORMATS.map((format) => ({ key: format, label: words.imports.formats[format] })),
        onClick: ({ key }) => save(key as SampleFormat),
      }}
    >
      <Button icon={<DownloadOutlined />}>{words.imports.samples}</Button>
    </Dropdown>
  );
}
