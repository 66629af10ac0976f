/**
 * Loaded into a server (`node --import`): notes how much processor time the main thread spends in one go, without letting its event
 * loop turn. Processor time, not the clock's: what a busy machine takes away from the process is not the process's fault.
 */
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const path = process.env["GENHOOK_TEST_TURNS_FILE"];

if (isMainThread && path !== undefined) {
  const spentMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let before = spentMs();
  const turn = (): void => {
    const now = spentMs();
    if (now - before >= 5) appendFileSync(path, `${(now - before).toFixed(1)}\n`);
    // The note itself is not counted.
    before = spentMs();
    setTimeout(turn, 1).unref();
  };
  turn();
}
