import { setTimeout as wait } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import type { Sampler } from "@opentelemetry/sdk-trace";
import { VERSION } from "../version.ts";
import { isTraced, NO_TRACING, tracingWith, type Tracing } from "./tracing.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const NAME = "genhook";

/**
 * Sets tracing up where it was asked for: by `--traces`, or by OpenTelemetry's own variables. The SDK is loaded only then. Where the process has
 * one already, that one is used. A collector that is away costs spans, never deliveries.
 */
export async function openTracing(collector: string | null, environment: Environment): Promise<Tracing> {
  if (!isAskedFor(collector, environment)) {
    const tracer = trace.getTracer(NAME, VERSION);
    return isTraced(tracer) ? tracingWith(tracer, () => Promise.resolve()) : NO_TRACING;
  }
  const [{ BatchSpanProcessor, TracerProvider, ...samplers }, { OTLPTraceExporter }, resources] = await Promise.all([
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-proto"),
    import("@opentelemetry/resources"),
  ]);
  const named = resources.resourceFromAttributes({ "service.name": NAME, "service.version": VERSION });
  // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins.
  const given = resources.detectResources({ detectors: [resources.envDetector] });
  const url = collector === null ? {} : { url: `${collector.replace(/\/$/, "")}/v1/traces` };
  const provider = new TracerProvider({
    resource: resources.defaultResource().merge(named).merge(given),
    sampler: samplerOf(environment, samplers),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(url) })],
  });
  return tracingWith(provider.getTracer(NAME, VERSION), async (timeoutMs) => {
    // Shutting down sends what is left first, with tries that take longer than anybody waits for a stop.
    const sent = provider.shutdown().catch(() => undefined);
    await Promise.race([sent, wait(timeoutMs, undefined, { ref: false })]);
  });
}

function isAskedFor(collector: string | null, environment: Environment): boolean {
  if (environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || environment["OTEL_TRACES_EXPORTER"] === "none") return false;
  const endpoints = [collector, environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], environment["OTEL_EXPORTER_OTLP_ENDPOINT"]];
  return endpoints.some((each) => each !== null && each !== undefined && each !== "");
}

type Samplers = Pick<
  typeof import("@opentelemetry/sdk-trace"),
  "AlwaysOffSampler" | "AlwaysOnSampler" | "ParentBasedSampler" | "TraceIdRatioBasedSampler"
>;

/** `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`, as OpenTelemetry names them; otherwise everything whose parent is not left out. */
function samplerOf(environment: Environment, sdk: Samplers): Sampler {
  const ratio = Number(environment["OTEL_TRACES_SAMPLER_ARG"] ?? "1");
  const share = new sdk.TraceIdRatioBasedSampler(Number.isFinite(ratio) ? Math.min(1, Math.max(0, ratio)) : 1);
  switch (environment["OTEL_TRACES_SAMPLER"] ?? "") {
    case "always_on":
      return new sdk.AlwaysOnSampler();
    case "always_off":
      return new sdk.AlwaysOffSampler();
    case "traceidratio":
      return share;
    case "parentbased_always_off":
      return new sdk.ParentBasedSampler({ root: new sdk.AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new sdk.ParentBasedSampler({ root: share });
    default:
      return new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() });
  }
}
