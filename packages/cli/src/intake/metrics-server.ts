import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Backlog, IntakeCounts } from "@genhook/sources";
import { usage } from "../cli-error.ts";

export interface IntakeWatch {
  counts(): IntakeCounts;
  backlog(): Promise<Backlog>;
}

/** `/metrics` in Prometheus' exposition format and `/healthz`, on a port of its own. */
export async function startMetricsServer(port: string, watch: IntakeWatch): Promise<{ readonly origin: string; stop(): void }> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw usage(`--metrics-port must be a whole number from 0 to 65535, not "${port}".`);
  const server = createServer((request, response) => {
    if (request.url === "/healthz") return void response.end("ok\n");
    if (request.url !== "/metrics") return void response.writeHead(404).end();
    metricsText(watch).then(
      (text) => response.writeHead(200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" }).end(text),
      // The source is away just now: a scrape that fails is what says so.
      () => response.writeHead(503).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(usage(`Port ${port} cannot be listened on: ${error.message}.`)));
    server.listen(Number(port), "127.0.0.1", resolve);
  });
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

async function metricsText(watch: IntakeWatch): Promise<string> {
  const { waiting, oldestAt, refused } = await watch.backlog();
  const counts = watch.counts();
  const ageSeconds = oldestAt === null ? 0 : Math.max(0, Date.now() - oldestAt) / 1_000;
  const rows: readonly (readonly [name: string, type: "counter" | "gauge", help: string, value: number | null])[] = [
    ["genhook_intake_published_total", "counter", "Events that Genhook has accepted.", counts.published],
    ["genhook_intake_duplicates_total", "counter", "Accepted events that had been accepted before.", counts.duplicates],
    ["genhook_intake_refused_total", "counter", "Events that were set aside.", counts.refused],
    ["genhook_intake_repeated_total", "counter", "Requests that have to be made again.", counts.repeated],
    ["genhook_intake_held", "gauge", "Events in memory that are not published yet.", counts.held],
    ["genhook_intake_waiting", "gauge", "Events that wait in the source.", waiting],
    ["genhook_intake_oldest_seconds", "gauge", "How long the oldest of them has waited.", waiting === null ? null : ageSeconds],
    ["genhook_intake_refused", "gauge", "Events that are set aside.", refused],
  ];
  return rows
    .filter(([, , , value]) => value !== null)
    .map(([name, type, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`)
    .join("");
}
