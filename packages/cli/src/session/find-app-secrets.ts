import { profilesPath, readProfiles } from "./profiles.ts";

export interface SecretFlags {
  readonly clientSecret?: string;
  readonly signingSecret?: string;
  readonly profile?: string;
}

/** What an app's deliveries are signed with: from flags, the environment, or the profile that `login --client-id` has kept. */
export function findAppSecrets(
  flags: SecretFlags,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly clientSecret: string | null; readonly signingSecret: string | null } {
  const { current, profiles } = readProfiles(profilesPath(environment));
  const named = flags.profile ?? environment["GENHOOK_PROFILE"];
  const profile = profiles[named ?? current ?? ""];
  // A profile that was named means its secrets, whatever the environment has.
  const from = named === undefined ? environment : {};
  return {
    clientSecret: flags.clientSecret ?? from["GENHOOK_CLIENT_SECRET"] ?? profile?.clientSecret ?? null,
    signingSecret: flags.signingSecret ?? from["GENHOOK_SIGNING_SECRET"] ?? profile?.signingSecret ?? null,
  };
}
