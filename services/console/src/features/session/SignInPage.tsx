import { Card, Typography } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";
import { Brand } from "../../ui/Brand";
import { Preferences } from "../../ui/Preferences";
import { SignInForm } from "./SignInForm";
import "./session.css";

export function SignInPage(): ReactNode {
  const words = useWords();
  return (
    <main className="sign-in">
      <div className="sign-in-tools">
        <Preferences />
      </div>
      <Card className="sign-in-card">
        <h1 className="sign-in-title">
          <Brand />
        </h1>
        <Typography.Paragraph type="secondary">{words.session.intro}</Typography.Paragraph>
        <SignInForm />
        <Typography.Paragraph type="secondary" className="sign-in-hint">
          {words.session.where}
        </Typography.Paragraph>
      </Card>
    </main>
  );
}
