import type { Credentials } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { didYouMean } from "../did-you-mean.ts";
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
}

/** Which credentials a command can work with, the preferred first. */
export type Wanted = readonly ("platform" | "app")[];

export interface ConnectionSources {
  readonly flags: ConnectionFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly profiles: () => Profiles;
  readonly dataFolder: (folder: string) => DataFolder | null;
}

export const DEFAULT_ORIGIN = "http://127.0.0.1:8080";

export function sourcesOf(flags: ConnectionFlags, environment: Readonly<Record<string, string | undefined>>): ConnectionSources {
  return { flags, environment, profiles: () => readProfiles(profilesPath(environment)), dataFolder: readDataFolder };
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
  const candidates: readonly (readonly [Wanted[number], string | undefined, string])[] = [
    ["platform", flags.key, "--key"],
    ["app", flags.token, "--token"],
    // A profile that was named means its credentials, whatever the environment has.
    ...(named === undefined ? environmentCandidates(environment) : []),
    ...(profile !== null && normal(profile.profile.url) === origin
      ? ([
          ["platform", profile.profile.key, `profile "${profile.name}"`],
          ["app", profile.profile.token, `profile "${profile.name}"`],
        ] as const)
      : []),
    ["platform", isLocal && data?.key !== null ? data?.key : undefined, data === null ? "" : keyFileOf(data.folder)],
  ];
  const given = candidates.filter(([, secret]) => secret !== undefined && secret !== "");
  const best = given.find(([kind]) => wanted.includes(kind));
  if (best === undefined) throw missingCredentials(sources, wanted, given[0]?.[0] ?? null, origin);
  const [kind, secret = "", credentialsFrom] = best;
  if (kind === "app") return { origin: appOrigin, originFrom, credentials: { kind, accessToken: secret }, credentialsFrom };
  return { origin, originFrom, credentials: { kind, key: secret }, credentialsFrom };
}

function environmentCandidates(
  environment: Readonly<Record<string, string | undefined>>,
): readonly (readonly [Wanted[number], string | undefined, string])[] {
  return [
    ["platform", environment["GENHOOK_PLATFORM_KEY"], "GENHOOK_PLATFORM_KEY"],
    ["app", environment["GENHOOK_ACCESS_TOKEN"], "GENHOOK_ACCESS_TOKEN"],
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
  if (!wanted.includes("platform")) {
    return new CliError("notAllowed", "token_missing", "This needs an app's access token for one shop.", [
      "Give --token, or set GENHOOK_ACCESS_TOKEN. The token is shown once, by: genhook installations create",
    ]);
  }
  const folder = sources.flags.data ?? sources.environment["GENHOOK_DATA"] ?? DATA_FOLDERS[0] ?? "";
  return new CliError(
    "notAllowed",
    "token_missing",
    has === "app" ? "This needs a platform key; there is only an app's access token." : `There is no platform key for ${origin}.`,
    [
      "Give --key, set GENHOOK_PLATFORM_KEY, or log in once: genhook login",
      `The first start of genhook serve prints the key, and keeps it in ${keyFileOf(folder)}; run this beside it, or give --data FOLDER.`,
    ],
  );
}
