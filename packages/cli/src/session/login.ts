import { CliError, usage } from "../cli-error.ts";
import { explainError } from "../commands/explain-error.ts";
import { openSession, printJson, type CommonFlags, type Session } from "../commands/session.ts";
import { didYouMean } from "../did-you-mean.ts";
import { Table } from "../output/table.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { DEFAULT_ORIGIN, normal } from "./connection.ts";
import { profilesPath, readProfiles, withoutProfile, withProfile, writeProfiles, type Profile, type Profiles } from "./profiles.ts";

export interface LoginFlags extends CommonFlags {
  readonly clientId?: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `genhook login`: tries credentials, and keeps them under a name for this user alone. */
export async function login(flags: LoginFlags, terminal: Terminal): Promise<void> {
  const name = flags.profile ?? "default";
  if (!NAME.test(name)) throw usage(`--profile must be a name of letters, digits, dots and dashes, not "${name}".`);
  const path = profilesPath(terminal.environment);
  const before = readProfiles(path);
  const url = normal(flags.url ?? terminal.environment["GENHOOK_URL"] ?? (await askUrl(before.profiles[name], terminal)));
  if (url === null) throw usage("The address must be an origin such as https://hooks.example.com.");
  const profile = await askCredentials(url, flags, terminal);
  await tryOut(profile, terminal);
  writeProfiles(path, withProfile(before, name, profile));
  const who = profile.clientId === undefined ? "" : ` as app ${profile.clientId}`;
  note(terminal, `Logged in to ${url}${who}; profile "${name}" is kept in ${path}.`);
}

/** `genhook logout`: forgets a profile. The key itself stays in force: `genhook keys delete` ends it. */
export function logout(name: string | undefined, terminal: Terminal): void {
  const path = profilesPath(terminal.environment);
  const profiles = readProfiles(path);
  const which = name ?? profiles.current;
  if (which === null) throw new CliError("notFound", "no_profile", "Nobody is logged in.");
  const { key, clientSecret } = need(profiles, which);
  writeProfiles(path, withoutProfile(profiles, which));
  const ending =
    key !== undefined
      ? " Its key stays in force; to end it: genhook keys delete"
      : clientSecret !== undefined
        ? " The app's secrets stay in force; to end one: genhook secrets replace"
        : " Its token stays in force until the app is uninstalled.";
  note(terminal, `Forgot profile "${which}".${ending}`);
}

/** `genhook profiles`: which there are; never their keys. */
export function listProfiles(flags: CommonFlags, terminal: Terminal): void {
  const { current, profiles } = readProfiles(profilesPath(terminal.environment));
  const rows = Object.entries(profiles).map(([name, profile]) => ({
    name,
    url: profile.url,
    kind: kindOf(profile),
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

function kindOf({ key, clientId }: Profile): string {
  return key !== undefined ? "operator" : clientId !== undefined ? `app ${clientId}` : "app on one shop";
}

/** `genhook profiles use NAME`. */
export function useProfile(name: string, terminal: Terminal): void {
  const path = profilesPath(terminal.environment);
  const profiles = readProfiles(path);
  need(profiles, name);
  writeProfiles(path, { ...profiles, current: name });
  note(terminal, `Profile "${name}" is used from now on.`);
}

function need({ profiles }: Profiles, name: string): Profile {
  const profile = profiles[name];
  if (profile !== undefined) return profile;
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
async function askCredentials(url: string, flags: LoginFlags, terminal: Terminal): Promise<Profile> {
  const clientId =
    flags.clientId ?? (flags.key === undefined && flags.token === undefined ? terminal.environment["GENHOOK_CLIENT_ID"] : undefined);
  if (clientId !== undefined) return askAppSecrets(url, clientId, flags, terminal);
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

/** The client secret, and the signing secret where it is at hand: `conform` and `listen` sign with it. */
async function askAppSecrets(url: string, clientId: string, flags: LoginFlags, terminal: Terminal): Promise<Profile> {
  const { environment } = terminal;
  const ask = async (question: string): Promise<string> => (terminal.isInputTty ? (await terminal.ask(question, true)).trim() : "");
  const piped = terminal.isInputTty
    ? []
    : Buffer.from(await terminal.readInput())
        .toString("utf8")
        .trim()
        .split(/\s+/);
  const given = environment["GENHOOK_CLIENT_SECRET"];
  const clientSecret = given ?? (terminal.isInputTty ? await ask("Client secret (it is not shown): ") : (piped[0] ?? ""));
  if (clientSecret === "") throw usage("No client secret was given: GENHOOK_CLIENT_SECRET, or standard input.");
  const signingSecret =
    environment["GENHOOK_SIGNING_SECRET"] ??
    piped.slice(given === undefined ? 1 : 0).find((each) => each.startsWith("whsec_")) ??
    (await ask("Signing secret, for conform and listen (Enter leaves it out): "));
  return {
    url,
    clientId,
    clientSecret,
    ...(signingSecret === "" ? {} : { signingSecret }),
    ...(flags.token === undefined ? {} : { token: flags.token }),
  };
}

/** Keeps nothing that does not work. */
async function tryOut(profile: Profile, terminal: Terminal): Promise<void> {
  const { url, key, token, clientId, clientSecret } = profile;
  const flags = { url, ...(key === undefined ? {} : { key }), ...(token === undefined ? {} : { token }) };
  const environment =
    clientId === undefined || clientSecret === undefined ? {} : { GENHOOK_CLIENT_ID: clientId, GENHOOK_CLIENT_SECRET: clientSecret };
  const kinds = [
    ...(key === undefined ? [] : (["platform"] as const)),
    ...(token === undefined ? [] : (["app"] as const)),
    ...(clientId === undefined ? [] : (["apps"] as const)),
  ];
  for (const kind of kinds) {
    const session = openSession({ ...terminal, environment }, flags, [kind]);
    const { client } = session;
    try {
      await (kind === "app" ? client.call("getScopes") : kind === "apps" ? client.call("getAppToken") : client.call("listTopics"));
    } catch (error) {
      throw explainRefusal(error, session, kind === "apps");
    }
  }
}

/** Of what was typed just now nobody needs to be told where it comes from. */
function explainRefusal(error: unknown, session: Session, isApp: boolean): unknown {
  const explained = explainError(error, session);
  if (!(explained instanceof CliError) || explained.code !== "token_invalid") return explained;
  const replacing = "Where the secret is lost, the operator, or the portal, replaces it: genhook apps secrets ID";
  return explained.withHints(["Nothing was kept.", ...(isApp ? [replacing] : [])]);
}
