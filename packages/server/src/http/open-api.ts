import { buildAsyncApi, buildOpenApi, type Topic } from "@genhook/contract";
import type { Metrics } from "../telemetry/metrics.ts";
import { VERSION } from "../version.ts";
import type { Handler } from "./directory-api.ts";
import { renderDocs } from "./docs/docs-page.ts";

export interface OpenApiOptions {
  readonly publicUrl: string | null;
  readonly topics: readonly Topic[];
  readonly metrics: Metrics;
  /** Why this process should get no traffic; empty when it should. */
  readonly reasonsNotReady: () => Promise<readonly string[]>;
}

/** Calls without credentials: is it alive, is it ready, what does it count, what can be called. */
export function openHandlers(options: OpenApiOptions): Readonly<Record<string, Handler>> {
  const document = buildOpenApi({
    version: VERSION,
    topics: options.topics,
    ...(options.publicUrl === null ? {} : { serverUrl: options.publicUrl }),
  });
  const asyncDocument = buildAsyncApi({ version: VERSION, topics: options.topics });
  const page = renderDocs({ version: VERSION, origin: options.publicUrl ?? "http://127.0.0.1:8080", topics: options.topics });
  return {
    getHealth: () => Promise.resolve({ body: { alive: true } }),
    getReadiness: async () => {
      const reasons = await options.reasonsNotReady();
      return { status: reasons.length === 0 ? 200 : 503, body: { ready: reasons.length === 0, reasons } };
    },
    getMetrics: async () => ({ text: await options.metrics.text() }),
    getOpenApi: () => Promise.resolve({ body: document }),
    getAsyncApi: () => Promise.resolve({ body: asyncDocument }),
    getDocs: () =>
      Promise.resolve({
        headers: { "Content-Security-Policy": page.contentSecurityPolicy },
        text: { type: "text/html; charset=utf-8", content: page.content },
      }),
  };
}
