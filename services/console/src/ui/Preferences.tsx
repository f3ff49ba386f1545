import { MoonOutlined, SunOutlined } from "@ant-design/icons";
import { Button, Segmented, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useLanguage, useWords, type Language } from "../i18n/language";
import { useAppearance } from "./appearance";

const LANGUAGES: { value: Language; label: string }[] = [
  { value: "zh-CN", label: "中文" },
  { value: "en", label: "EN" },
];

/** Language and look, at hand on every page. */
export function Preferences(): ReactNode {
  const words = useWords();
  const { language, choose } = useLanguage();
  const { appearance, toggle } = useAppearance();
  return (
    <>
      <Segmented
        size="small"
        options={LANGUAGES}
        value={language}
        onChange={choose}
        aria-label={words.common.language}
      />
      <Tooltip title={appearance === "dark" ? words.common.lightLook : words.common.darkLook}>
        <Button
          type="text"
          icon={appearance === "dark" ? <SunOutlined /> : <MoonOutlined />}
          aria-label={appearance === "dark" ? words.common.lightLook : words.common.darkLook}
          onClick={toggle}
        />
      </Tooltip>
    </>
  );
}
