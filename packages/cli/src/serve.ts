import { PortalBuild } from "@genhook/dashboard";
import { EXIT_FAILED, settingsFrom, startServer, type Genhook, type Settings } from "@genhook/server";
import { announceOrigin } from "./session/data-folder.ts";

const streams = {
  out: (line: string): void => void process.stdout.write(`${line}\n`),
  error: (line: string): void => void process.stderr.write(`${line}\n`),
};

/** Flags by their camelCase names, as commander hands them out. */
export type ServeFlags = Readonly<Record<string, string | boolean>>;

/** Variables of the other commands: `serve` would otherwise warn of them. */
const CLIENT_VARIABLES: ReadonlySet<string> = new Set([
  "GENHOOK_URL",
  "GENHOOK_PROFILE",
  "GENHOOK_ACCESS_TOKEN",
  "GENHOOK_CLIENT_ID",
  "GENHOOK_CLIENT_SECRET",
  "GENHOOK_SIGNING_SECRET",
  "GENHOOK_OUTBOX",
  "GENHOOK_SOURCE",
]);

export async function serve(flags: ServeFlags): Promise<void> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !CLIENT_VARIABLES.has(name)));
  await runServer(settingsFrom(withDashes(flags), environment, streams));
}

/** Starts, then stops on SIGTERM or SIGINT and exits 0. A second signal changes nothing. */
async function runServer(settings: Settings): Promise<void> {
  const started: { genhook: Genhook | null; isStopWanted: boolean } = { genhook: null, isStopWanted: false };
  let forgetOrigin = (): void => undefined;
  const portal = new PortalBuild();
  const stop = (): void => {
    started.isStopWanted = true;
    if (started.genhook === null) return;
    forgetOrigin();
    portal.stop();
    started.genhook.stop().then(
      () => process.exit(0),
      (error: unknown) => die(error),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  const onListening = (genhook: Genhook): void => {
    // Processes on a shared database have no folder in common by which a command could find one of them.
    if (settings.database === null) forgetOrigin = announceOrigin(settings.data, genhook);
  };
  started.genhook = await startServer(settings, streams, die, onListening, portal);
  if (settings.role !== "deliver") portal.start((reason) => streams.error(`genhook: the portal could not be built: ${reason}`));
  if (started.isStopWanted) stop();
}

/** The store is gone from under us: what was answered is durable, so the safest thing is to start anew. */
function die(error: unknown): void {
  streams.error(`genhook: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(EXIT_FAILED);
}

/** commander's `retryWaits` back to the flag's own name. */
export function withDashes(options: Readonly<Record<string, string | boolean>>): Record<string, string | boolean> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), value]),
  );
}
