import { pino, destination, type Logger } from "pino";
import { startGenhook, type Genhook } from "./compose.ts";
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

/** Starts the whole product and says where it listens. Rejects with a `StartError`. */
export async function startServer(settings: Settings, streams: ServeStreams, onFatal: (error: Error) => void): Promise<Genhook> {
  const log = makeLog(settings);
  if (settings.allowPrivateAddresses) {
    streams.error(
      "warning: --allow-private-addresses is on: webhooks may use http: and reach this machine and its networks. For development only.",
    );
  }
  let genhook: Genhook;
  try {
    genhook = await startGenhook(settings, log, onFatal);
  } catch (error) {
    throw new StartError(explain(error, settings), EXIT_FAILED);
  }
  if (genhook.newPlatformKey !== null) {
    streams.out(`platform key, shown once (kept in ${settings.data}/platform-key): ${genhook.newPlatformKey}`);
  }
  streams.out(`listening on ${genhook.origin}`);
  return genhook;
}

function makeLog(settings: Settings): Logger {
  return pino({ level: settings.logLevel, base: null }, destination({ fd: 2, sync: true }));
}

function explain(error: unknown, settings: Settings): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "EADDRINUSE")
    return `Port ${settings.port} on ${settings.host} is taken by another program. Stop it, or give --port another one.`;
  if (code === "EACCES") return `Port ${settings.port} may not be opened by this user. Give --port one above 1023.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `${settings.host} is no address of this machine. Give --host another one.`;
  if (code === "ENOENT" && settings.caFile !== null) return `The file ${settings.caFile} of --ca-file does not exist.`;
  return error instanceof Error ? error.message : String(error);
}
