import { Alert, Button, PasswordInput } from "@mantine/core";
import type { PortalSession } from "@genhook/contract/client";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import icon from "../icon.svg";
import { words } from "../words.ts";
import { signIn } from "./client.ts";

export interface SignInProps {
  readonly hasEnded: boolean;
  readonly onSignedIn: (session: PortalSession) => void;
}

export function SignIn({ hasEnded, onSignedIn }: SignInProps) {
  const [key, setKey] = useState("");
  const [isMissing, setMissing] = useState(false);
  const attempt = useMutation({ mutationFn: () => signIn(key.trim()), onSuccess: onSignedIn });
  useEffect(() => {
    document.title = words.signIn.title;
  }, []);
  const error = isMissing ? words.signIn.missing : attempt.isError ? attempt.error.message : null;
  return (
    <main className="sign-in">
      <form
        className="panel"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setMissing(key.trim() === "");
          if (key.trim() !== "") attempt.mutate();
        }}
      >
        <img src={icon} alt="" />
        <h1>{words.signIn.title}</h1>
        <p className="quiet">{words.signIn.lead}</p>
        {hasEnded ? (
          <Alert color="yellow" mt="md" role="status">
            {words.signIn.ended}
          </Alert>
        ) : null}
        <PasswordInput
          mt="md"
          label={words.signIn.key}
          autoComplete="current-password"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          error={error}
          data-autofocus
          autoFocus
        />
        <Button type="submit" fullWidth mt="md" loading={attempt.isPending}>
          {words.signIn.submit}
        </Button>
      </form>
    </main>
  );
}
