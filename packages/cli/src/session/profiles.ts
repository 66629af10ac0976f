import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CliError } from "../cli-error.ts";

/** A server with the credentials for it, under a name. */
export interface Profile {
  readonly url: string;
  /** An operator's platform key. */
  readonly key?: string;
  /** An app's access token for one shop. */
  readonly token?: string;
  /** An app, for what it may do over all its shops. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** What its endpoints check with: for what `conform` and `listen` send. */
  readonly signingSecret?: string;
  /** What client id and secret were exchanged for last. */
  readonly access?: AppAccess;
}

/** A token of app-wide access, until it ends. */
export interface AppAccess {
  readonly token: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

export interface Profiles {
  /** The one that is used when none is named. */
  readonly current: string | null;
  readonly profiles: Readonly<Record<string, Profile>>;
}

const NONE: Profiles = { current: null, profiles: {} };
const OTHERS = 0o077;

/** `$XDG_CONFIG_HOME/genhook/profiles.json`, or `~/.config/genhook/profiles.json`. */
export function profilesPath(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment["XDG_CONFIG_HOME"];
  // The specification has relative paths ignored.
  const folder = base?.startsWith("/") === true ? base : join(environment["HOME"] ?? homedir(), ".config");
  return join(folder, "genhook", "profiles.json");
}

/** No file: no profiles. A file that others may read is refused: it holds keys. */
export function readProfiles(path: string): Profiles {
  if (!existsSync(path)) return NONE;
  if ((statSync(path).mode & OTHERS) !== 0) {
    throw new CliError("failed", "profiles_exposed", `${path} holds keys, but others may read it.`, [`chmod 600 ${path}`]);
  }
  const damaged = (): CliError =>
    new CliError("failed", "profiles_damaged", `${path} is damaged.`, ["Mend it, or delete it and log in again: genhook login"]);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw damaged();
  }
  if (!isProfiles(value)) throw damaged();
  return value;
}

/** Written aside and moved into place, for this user alone. */
export function writeProfiles(path: string, profiles: Profiles): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  chmodSync(aside, 0o600);
  renameSync(aside, path);
}

export function withProfile(profiles: Profiles, name: string, profile: Profile): Profiles {
  return { current: name, profiles: { ...profiles.profiles, [name]: profile } };
}

/** Without it; where it was the current one, no other takes its place by itself. */
export function withoutProfile(profiles: Profiles, name: string): Profiles {
  const left = Object.fromEntries(Object.entries(profiles.profiles).filter(([each]) => each !== name));
  return { current: profiles.current === name ? null : profiles.current, profiles: left };
}

function isProfiles(value: unknown): value is Profiles {
  if (typeof value !== "object" || value === null || !("profiles" in value) || !("current" in value)) return false;
  const { current, profiles } = value;
  if ((current !== null && typeof current !== "string") || typeof profiles !== "object" || profiles === null) return false;
  return Object.values(profiles).every(
    (each: unknown) => typeof each === "object" && each !== null && "url" in each && typeof each.url === "string",
  );
}
