import { pino, destination, type Logger } from "pino";
import { startGenhook, type Genhook } from "./compose.ts";
import type { PortalSource } from "./portal/portal-files.ts";
import { SealingKeyError } from "./secrets/sealing.ts";
import { SettingFileError } from "./settings/setting-file.ts";
import { resolveSettings, type Settings } from "./settings/resolve-settings.ts";

/** Where `serve` writes and how it ends; the command line hands in the process's own. */
export interface ServeStreams {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** Exit codes: 1 it could not start or broke, 2 it was called wrongly. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** What a failed start says: a line for people, without a stack. */
export class StartError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Resolves flags and environment, or throws what is wrong with them, all at once. */
export function settingsFrom(flags: Flags, environment: NodeJS.ProcessEnv, streams: ServeStreams): Settings {
  const resolved = resolveSettings(flags, environment);
  if (!resolved.ok) throw new StartError(resolved.errors.join("\n"), EXIT_USAGE);
  for (const name of resolved.unknownVariables) streams.error(`warning: ${name} is set but means nothing to Genhook`);
  return resolved.settings;
}

/** Starts the whole product and says where it listens; `onListening` is told before anybody else. Rejects with a `StartError`. */
export async function startServer(
  settings: Settings,
  streams: ServeStreams,
  onFatal: (error: Error) => void,
  onListening: (genhook: Genhook) => void = () => undefined,
  portal: PortalSource | null = null,
): Promise<Genhook> {
  const log = makeLog(settings);
  if (settings.allowPrivateAddresses) {
    streams.error(
      "warning: --allow-private-addresses is on: webhooks may use http: and reach this machine and its networks. For development only.",
    );
  }
  let genhook: Genhook;
  try {
    genhook = await startGenhook(settings, log, onFatal, portal);
  } catch (error) {
    throw new StartError(explain(error, settings), isWrongSetting(error) ? EXIT_USAGE : EXIT_FAILED);
  }
  if (genhook.newPlatformKey !== null) {
    const kept = settings.database === null ? ` (kept in ${settings.data}/platform-key)` : "";
    streams.out(`platform key, shown once${kept}: ${genhook.newPlatformKey}`);
  }
  onListening(genhook);
  if (genhook.platformOrigin !== genhook.origin) streams.out(`platform API on ${genhook.platformOrigin}`);
  streams.out(`listening on ${genhook.origin}`);
  return genhook;
}

/** A file that a setting names cannot be used, or the sealing key is missing, malformed, or another one: starting again would not help. */
function isWrongSetting(error: unknown): boolean {
  return error instanceof SettingFileError || error instanceof SealingKeyError;
}

function makeLog(settings: Settings): Logger {
  return pino({ level: settings.logLevel, base: null }, destination({ fd: 2, sync: true }));
}

function explain(error: unknown, settings: Settings): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "EADDRINUSE")
    return `Port ${portOf(error)} on ${settings.host} is taken by another program. Stop it, or give ${flagOf(error, settings)} another one.`;
  if (code === "EACCES") return `Port ${portOf(error)} may not be opened by this user. Give ${flagOf(error, settings)} one above 1023.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `${settings.host} is no address of this machine. Give --host another one.`;
  return error instanceof Error ? error.message : String(error);
}

/** The port that could not be opened, as Node's error names it. */
function portOf(error: unknown): number | null {
  return error instanceof Error && "port" in error && typeof error.port === "number" ? error.port : null;
}

function flagOf(error: unknown, settings: Settings): string {
  return portOf(error) === settings.platformPort && settings.platformPort !== settings.port ? "--platform-port" : "--port";
}
