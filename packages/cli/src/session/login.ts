import { ApiClient } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { explainError } from "../commands/explain-error.ts";
import { printJson, type CommonFlags } from "../commands/session.ts";
import { didYouMean } from "../did-you-mean.ts";
import { Table } from "../output/table.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { DEFAULT_ORIGIN, normal } from "./connection.ts";
import { profilesPath, readProfiles, withoutProfile, withProfile, writeProfiles, type Profile, type Profiles } from "./profiles.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `genhook login`: tries credentials, and keeps them under a name for this user alone. */
export async function login(flags: CommonFlags, terminal: Terminal): Promise<void> {
  const name = flags.profile ?? "default";
  if (!NAME.test(name)) throw usage(`--profile must be a name of letters, digits, dots and dashes, not "${name}".`);
  const path = profilesPath(terminal.environment);
  const before = readProfiles(path);
  const url = normal(flags.url ?? terminal.environment["GENHOOK_URL"] ?? (await askUrl(before.profiles[name], terminal)));
  if (url === null) throw usage("The address must be an origin such as https://hooks.example.com.");
  const profile = await askCredentials(url, flags, terminal);
  await tryOut(profile);
  writeProfiles(path, withProfile(before, name, profile));
  note(terminal, `Logged in to ${url} as profile "${name}"; kept in ${path}.`);
}

/** `genhook logout`: forgets a profile. The key itself stays in force: `genhook keys delete` ends it. */
export function logout(name: string | undefined, terminal: Terminal): void {
  const path = profilesPath(terminal.environment);
  const profiles = readProfiles(path);
  const which = name ?? profiles.current;
  if (which === null) throw new CliError("notFound", "no_profile", "Nobody is logged in.");
  need(profiles, which);
  writeProfiles(path, withoutProfile(profiles, which));
  note(terminal, `Forgot profile "${which}". Its key stays in force; to end it: genhook keys delete`);
}

/** `genhook profiles`: which there are; never their keys. */
export function listProfiles(flags: CommonFlags, terminal: Terminal): void {
  const { current, profiles } = readProfiles(profilesPath(terminal.environment));
  const rows = Object.entries(profiles).map(([name, { url, key }]) => ({
    name,
    url,
    kind: key === undefined ? "app" : "operator",
    isCurrent: name === current,
  }));
  if (flags.json === true) return printJson(terminal, { profiles: rows });
  if (rows.length === 0) return note(terminal, "There are no profiles yet: genhook login makes one.");
  const table = new Table<(typeof rows)[number]>(
    [
      { title: " ", text: (row) => (row.isCurrent ? "*" : " ") },
      { title: "NAME", text: (row) => row.name, isKey: true },
      { title: "KIND", text: (row) => row.kind },
      { title: "URL", text: (row) => row.url, cutTo: 12 },
    ],
    terminal,
  );
  for (const line of table.lines(rows)) printLine(terminal, line);
}

/** `genhook profiles use NAME`. */
export function useProfile(name: string, terminal: Terminal): void {
  const path = profilesPath(terminal.environment);
  const profiles = readProfiles(path);
  need(profiles, name);
  writeProfiles(path, { ...profiles, current: name });
  note(terminal, `Profile "${name}" is used from now on.`);
}

function need({ profiles }: Profiles, name: string): void {
  if (profiles[name] !== undefined) return;
  const meant = didYouMean(name, Object.keys(profiles));
  throw new CliError("notFound", "no_profile", `There is no profile "${name}".`, meant === null ? [] : [meant]);
}

async function askUrl(before: Profile | undefined, terminal: Terminal): Promise<string> {
  const usual = before?.url ?? DEFAULT_ORIGIN;
  if (!terminal.isInputTty) return usual;
  const answer = (await terminal.ask(`Server [${usual}]: `, false)).trim();
  return answer === "" ? usual : answer;
}

/** From flags, the environment, standard input where that is a pipe, or asked for without an echo. */
async function askCredentials(url: string, flags: CommonFlags, terminal: Terminal): Promise<Profile> {
  if (flags.token !== undefined) return { url, token: flags.token };
  const given = flags.key ?? terminal.environment["GENHOOK_PLATFORM_KEY"];
  if (given !== undefined) return { url, key: given };
  const typed = terminal.isInputTty
    ? await terminal.ask("Platform key (it is not shown): ", true)
    : Buffer.from(await terminal.readInput()).toString("utf8");
  const key = typed.trim();
  if (key === "") throw usage("No key was given: --key, GENHOOK_PLATFORM_KEY, or standard input.");
  return { url, key };
}

async function tryOut({ url, key, token = "" }: Profile): Promise<void> {
  const credentials = key === undefined ? ({ kind: "app", accessToken: token } as const) : ({ kind: "platform", key } as const);
  const client = new ApiClient({ origin: url, credentials });
  try {
    await (credentials.kind === "app" ? client.call("getScopes") : client.call("listTopics"));
  } catch (error) {
    throw explainError(error, { client, connection: { origin: url, originFrom: "--url", credentials, credentialsFrom: "what was given" } });
  }
}
