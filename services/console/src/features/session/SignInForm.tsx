import { useMutation } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import type { ReactNode } from "react";
import { signIn } from "../../api/session";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import "./session.css";

interface Fields {
  readonly key: string;
}

export function SignInForm(): ReactNode {
  const words = useWords();
  const attempt = useMutation({ mutationFn: ({ key }: Fields) => signIn(key) });
  return (
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
  );
}
