import type { Credentials } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { didYouMean } from "../did-you-mean.ts";
import { keepInMemory, keepInProfile, type AccessKeeper, type AppSecrets } from "./app-access.ts";
import { DATA_FOLDERS, keyFileOf, readDataFolder, type DataFolder } from "./data-folder.ts";
import { profilesPath, readProfiles, type Profiles } from "./profiles.ts";

/** The flags that every command which calls a server has. */
export interface ConnectionFlags {
  readonly url?: string;
  readonly key?: string;
  readonly token?: string;
  readonly profile?: string;
  readonly data?: string;
}

/** Where the command calls, as whom, and from where it knows. */
export interface Connection {
  readonly origin: string;
  readonly originFrom: string;
  readonly credentials: Credentials;
  readonly credentialsFrom: string;
  /** What the credentials still have to be exchanged for a token with: app-wide access. */
  readonly signIn: { readonly secrets: AppSecrets; readonly keeper: AccessKeeper } | null;
}

/** Which credentials a command can work with, the preferred first. */
export type Wanted = readonly Credentials["kind"][];

interface Candidate {
  readonly kind: "platform" | "app" | "apps";
  readonly secret: string | undefined;
  readonly from: string;
  /** For `apps`. */
  readonly clientId?: string | undefined;
}

export interface ConnectionSources {
  readonly flags: ConnectionFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly profiles: () => Profiles;
  readonly dataFolder: (folder: string) => DataFolder | null;
  readonly keeper: (profile: string, secrets: AppSecrets) => AccessKeeper;
}

export const DEFAULT_ORIGIN = "http://127.0.0.1:8080";

export function sourcesOf(flags: ConnectionFlags, environment: Readonly<Record<string, string | undefined>>): ConnectionSources {
  const path = profilesPath(environment);
  return {
    flags,
    environment,
    profiles: () => readProfiles(path),
    dataFolder: readDataFolder,
    keeper: (name, secrets) => keepInProfile(path, name, secrets),
  };
}

/**
 * Flags win over the environment, that over a profile, that over what lies beside local data. A key that was found beside local data goes to
 * this machine only; a profile's goes to the profile's own server only.
 */
export function resolveConnection(sources: ConnectionSources, wanted: Wanted): Connection {
  const { flags, environment } = sources;
  const named = flags.profile ?? environment["GENHOOK_PROFILE"];
  const profile = findProfile(sources, named);
  const data = findData(sources);
  const { origin, originFrom, appOrigin } = resolveOrigin(sources, profile, data);
  const isLocal = isLoopback(origin);
  const candidates: readonly Candidate[] = [
    { kind: "platform", secret: flags.key, from: "--key" },
    { kind: "app", secret: flags.token, from: "--token" },
    // A profile that was named means its credentials, whatever the environment has.
    ...(named === undefined ? environmentCandidates(environment) : []),
    ...(profile !== null && normal(profile.profile.url) === origin ? profileCandidates(profile) : []),
    {
      kind: "platform",
      secret: isLocal && data?.key !== null ? data?.key : undefined,
      from: data === null ? "" : keyFileOf(data.folder),
    },
  ];
  const given = candidates.filter(({ kind, secret, clientId }) => isGiven(secret) && (kind !== "apps" || isGiven(clientId)));
  const best = given.find(({ kind }) => wanted.includes(kind));
  if (best === undefined) throw missingCredentials(sources, wanted, given[0]?.kind ?? null, origin);
  const { kind, secret = "", from: credentialsFrom, clientId = "" } = best;
  const known = { originFrom, credentialsFrom, signIn: null };
  if (kind === "app") return { ...known, origin: appOrigin, credentials: { kind, accessToken: secret } };
  if (kind === "platform") return { ...known, origin, credentials: { kind, key: secret } };
  const secrets = { clientId, clientSecret: secret };
  const keeper = credentialsFrom.startsWith("profile") ? sources.keeper(profile?.name ?? "", secrets) : keepInMemory();
  return { ...known, origin: appOrigin, credentials: { kind, token: "" }, signIn: { secrets, keeper } };
}

function isGiven(text: string | undefined): boolean {
  return text !== undefined && text !== "";
}

function profileCandidates({ name, profile }: NonNullable<ReturnType<typeof findProfile>>): readonly Candidate[] {
  const from = `profile "${name}"`;
  return [
    { kind: "platform", secret: profile.key, from },
    { kind: "app", secret: profile.token, from },
    { kind: "apps", secret: profile.clientSecret, clientId: profile.clientId, from },
  ];
}

function environmentCandidates(environment: Readonly<Record<string, string | undefined>>): readonly Candidate[] {
  return [
    { kind: "platform", secret: environment["GENHOOK_PLATFORM_KEY"], from: "GENHOOK_PLATFORM_KEY" },
    { kind: "app", secret: environment["GENHOOK_ACCESS_TOKEN"], from: "GENHOOK_ACCESS_TOKEN" },
    {
      kind: "apps",
      secret: environment["GENHOOK_CLIENT_SECRET"],
      clientId: environment["GENHOOK_CLIENT_ID"],
      from: "GENHOOK_CLIENT_ID",
    },
  ];
}

function findProfile(
  sources: ConnectionSources,
  named: string | undefined,
): { readonly name: string; readonly profile: Profiles["profiles"][string] } | null {
  const { current, profiles } = sources.profiles();
  const name = named ?? current;
  if (name === null || name === "") return null;
  const profile = profiles[name];
  if (profile !== undefined) return { name, profile };
  const names = Object.keys(profiles);
  throw usage(
    `There is no profile "${name}".`,
    didYouMean(name, names) ?? (names.length === 0 ? `genhook login --profile ${name} makes it.` : `There is: ${names.join(", ")}.`),
  );
}

function findData({ flags, environment, dataFolder }: ConnectionSources): DataFolder | null {
  const given = flags.data ?? environment["GENHOOK_DATA"];
  if (given !== undefined) return dataFolder(given);
  const found = DATA_FOLDERS.map(dataFolder).filter((each) => each !== null);
  // A server that runs wins over data that nobody serves just now.
  return found.find((each) => each.origins !== null) ?? found[0] ?? null;
}

function resolveOrigin(
  { flags, environment }: ConnectionSources,
  profile: ReturnType<typeof findProfile>,
  data: DataFolder | null,
): { readonly origin: string; readonly originFrom: string; readonly appOrigin: string } {
  const candidates: readonly (readonly [string | undefined, string])[] = [
    [flags.url, "--url"],
    [flags.profile === undefined ? environment["GENHOOK_URL"] : undefined, "GENHOOK_URL"],
    [flags.data === undefined ? profile?.profile.url : undefined, `profile "${profile?.name ?? ""}"`],
  ];
  for (const [url, originFrom] of candidates) {
    if (url === undefined || url === "") continue;
    const origin = normal(url);
    if (origin === null) throw usage(`${originFrom} must be an origin such as https://hooks.example.com, not "${url}".`);
    return { origin, originFrom, appOrigin: origin };
  }
  if (data !== null && data.origins !== null) {
    return { origin: data.origins.platformOrigin, originFrom: data.folder, appOrigin: data.origins.origin };
  }
  return { origin: DEFAULT_ORIGIN, originFrom: "the default", appOrigin: DEFAULT_ORIGIN };
}

/** `host:port` is meant as http; a path has no place in it. */
export function normal(url: string): string | null {
  const text = /^https?:\/\//i.test(url) ? url : `http://${url}`;
  if (!URL.canParse(text)) return null;
  const { origin, pathname, search, hash, username } = new URL(text);
  return pathname === "/" && search === "" && hash === "" && username === "" ? origin : null;
}

function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function missingCredentials(sources: ConnectionSources, wanted: Wanted, has: Wanted[number] | null, origin: string): CliError {
  if (!wanted.includes("platform") && wanted.includes("apps") && wanted.includes("app")) {
    return new CliError(
      "notAllowed",
      "token_missing",
      "This needs an app's client id and client secret, or its access token for one shop.",
      [
        "Log in as the app: genhook login --client-id ID; or set GENHOOK_CLIENT_ID and GENHOOK_CLIENT_SECRET.",
        "Or give --token, or set GENHOOK_ACCESS_TOKEN. The token is shown once, by: genhook installations create",
      ],
    );
  }
  if (!wanted.includes("platform") && wanted.includes("apps")) {
    return new CliError("notAllowed", "token_missing", "This needs an app's client id and client secret.", [
      "Log in as the app: genhook login --client-id ID; or set GENHOOK_CLIENT_ID and GENHOOK_CLIENT_SECRET.",
    ]);
  }
  if (!wanted.includes("platform")) {
    return new CliError("notAllowed", "token_missing", "This needs an app's access token for one shop.", [
      "Give --token, or set GENHOOK_ACCESS_TOKEN. The token is shown once, by: genhook installations create",
    ]);
  }
  const folder = sources.flags.data ?? sources.environment["GENHOOK_DATA"] ?? DATA_FOLDERS[0] ?? "";
  return new CliError(
    "notAllowed",
    "token_missing",
    has === "app"
      ? "This needs a platform key; there is only an app's access token."
      : has === "apps"
        ? "This needs a platform key; there are only an app's client id and secret."
        : `There is no platform key for ${origin}.`,
    [
      "Give --key, set GENHOOK_PLATFORM_KEY, or log in once: genhook login",
      ...(has === null && wanted.includes("apps") ? ["As an app's developer: genhook login --client-id ID"] : []),
      `The first start of genhook serve prints the key, and keeps it in ${keyFileOf(folder)}; run this beside it, or give --data FOLDER.`,
    ],
  );
}
