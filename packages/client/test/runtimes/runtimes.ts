import { RUNTIMES, type Programs, type Runtime } from "../../../receiver/test/runtimes/runtimes.ts";

export const CLIENT_PROGRAMS: Programs = {
  onServers: new URL("on-servers.ts", import.meta.url),
  onWorkers: new URL("on-workers.ts", import.meta.url),
};

/** Those of the kit, without the one that is too old. */
export const CLIENT_RUNTIMES: readonly Runtime[] = RUNTIMES.filter(({ name }) => name !== "Node 18");
