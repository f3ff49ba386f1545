import { useMutation } from "@tanstack/react-query";
import { Button, Card, Form, Input, Typography } from "antd";
import type { ReactNode } from "react";
import { signIn } from "../../api/session";
import { Brand } from "../../app/Brand";
import { Preferences } from "../../app/Preferences";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import "./session.css";

interface Fields {
  readonly key: string;
}

export function SignInPage(): ReactNode {
  const words = useWords();
  const attempt = useMutation({ mutationFn: ({ key }: Fields) => signIn(key) });
  return (
    <main className="sign-in">
      <div className="sign-in-tools">
        <Preferences />
      </div>
      <Card className="sign-in-card">
        <Brand />
        <Typography.Paragraph type="secondary">{words.session.intro}</Typography.Paragraph>
        <Form<Fields> layout="vertical" requiredMark={false} onFinish={(fields) => attempt.mutate(fields)}>
          <Form.Item
            name="key"
            label={words.session.key}
            rules={[{ required: true, whitespace: true, message: words.session.keyMissing }]}
          >
            <Input.Password size="large" autoFocus autoComplete="current-password" data-testid="api-key" />
          </Form.Item>
          {attempt.isError && <ProblemAlert error={attempt.error} className="sign-in-problem" />}
          <Button type="primary" htmlType="submit" size="large" block loading={attempt.isPending}>
            {words.session.signIn}
          </Button>
        </Form>
        <Typography.Paragraph type="secondary" className="sign-in-hint">
          {words.session.where}
        </Typography.Paragraph>
      </Card>
    </main>
  );
}
