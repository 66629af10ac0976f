import { Alert, Button, PasswordInput, SegmentedControl, TextInput } from "@mantine/core";
import type { PortalSession, PortalWay } from "@genhook/contract/client";
import { useMutation } from "@tanstack/react-query";
import { useContext, useEffect, useState } from "react";
import { words } from "../words.ts";
import { BrandMark } from "./brand-mark.tsx";
import { signIn, type Credentials } from "./client.ts";
import { PortalContext } from "./session-context.ts";

export interface SignInProps {
  readonly hasEnded: boolean;
  readonly onSignedIn: (session: PortalSession) => void;
}

type Given = Readonly<Record<"key" | "clientId" | "clientSecret", string>>;

/** The ways in that this port offers: with a platform key, or with an app's client id and secret. */
export function SignIn({ hasEnded, onSignedIn }: SignInProps) {
  const { ways, brand } = useContext(PortalContext);
  const [way, setWay] = useState<PortalWay>(ways[0] ?? "operator");
  const [given, setGiven] = useState<Given>({ key: "", clientId: "", clientSecret: "" });
  const [isMissing, setMissing] = useState(false);
  const attempt = useMutation({ mutationFn: signIn, onSuccess: onSignedIn });
  useEffect(() => {
    document.title = words.signIn.title(brand.name);
  }, [brand.name]);
  const credentials = readCredentials(way, given);
  const error = isMissing ? words.signIn.missing[way] : attempt.isError ? attempt.error.message : null;
  const enter = (member: keyof Given) => (event: { readonly currentTarget: { readonly value: string } }) => {
    setGiven({ ...given, [member]: event.currentTarget.value });
  };
  return (
    <main className="sign-in">
      <form
        className="panel"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setMissing(credentials === null);
          if (credentials !== null) attempt.mutate(credentials);
        }}
      >
        <BrandMark />
        <h1>{words.signIn.title(brand.name)}</h1>
        {ways.length > 1 ? (
          <SegmentedControl
            fullWidth
            mt="sm"
            aria-label={words.signIn.as}
            value={way}
            onChange={(value) => {
              setWay(value === "app" ? "app" : "operator");
              setMissing(false);
              attempt.reset();
            }}
            data={ways.map((each) => ({ value: each, label: words.signIn.ways[each] }))}
          />
        ) : null}
        <p className="quiet">{words.signIn.leads[way]}</p>
        {hasEnded ? (
          <Alert color="yellow" mt="md" role="status">
            {words.signIn.ended}
          </Alert>
        ) : null}
        <Fields way={way} given={given} enter={enter} error={error} />
        <Button type="submit" fullWidth mt="md" loading={attempt.isPending}>
          {words.signIn.submit}
        </Button>
      </form>
    </main>
  );
}

interface FieldsProps {
  readonly way: PortalWay;
  readonly given: Given;
  readonly enter: (member: keyof Given) => (event: { readonly currentTarget: { readonly value: string } }) => void;
  readonly error: string | null;
}

function Fields({ way, given, enter, error }: FieldsProps) {
  if (way === "operator") {
    return (
      <PasswordInput
        mt="md"
        label={words.signIn.key}
        autoComplete="current-password"
        value={given.key}
        onChange={enter("key")}
        error={error}
        autoFocus
      />
    );
  }
  return (
    <>
      <TextInput
        mt="md"
        label={words.signIn.clientId}
        autoComplete="username"
        spellCheck={false}
        value={given.clientId}
        onChange={enter("clientId")}
        autoFocus
      />
      <PasswordInput
        mt="md"
        label={words.signIn.clientSecret}
        autoComplete="current-password"
        value={given.clientSecret}
        onChange={enter("clientSecret")}
        error={error}
      />
    </>
  );
}

function readCredentials(way: PortalWay, given: Given): Credentials | null {
  const [key, clientId, clientSecret] = [given.key.trim(), given.clientId.trim(), given.clientSecret.trim()];
  if (way === "operator") return key === "" ? null : { key };
  return clientId === "" || clientSecret === "" ? null : { clientId, clientSecret };
}
