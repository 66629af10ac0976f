import {
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import type { AttemptRequest, Outcome, Published, PublishObserver, PublishRequest, Result, Sender } from "@genhook/core";
import type { EventPublisher } from "../http/publish/event-publisher.ts";

/** Traces of an event's way, `publish` → `attempt`; what stands in front of publisher and sender, and nothing where nobody traces. */
export interface Tracing {
  readonly publisher: (inner: EventPublisher) => EventPublisher;
  readonly sender: (inner: Sender) => Sender;
  /** Sends what is left, at most for so long, ms. */
  readonly close: (timeoutMs: number) => Promise<void>;
}

export const NO_TRACING: Tracing = {
  publisher: (inner) => inner,
  sender: (inner) => inner,
  close: () => Promise.resolve(),
};

/**
 * An event keeps the context of its `publish` span (a child of the publisher's own, where it sent one), so that each attempt, of whichever
 * process and however late, is a child of it. What is not sampled keeps the publisher's context as it came.
 */
export function tracingWith(tracer: Tracer, close: Tracing["close"]): Tracing {
  return {
    publisher: (inner) => {
      const take: EventPublisher["take"] = (request, observer) => tracedTake(tracer, inner, request, observer);
      return { take, publish: (request) => new Promise((published, failed) => take(request, { published, failed })) };
    },
    sender: (inner) => ({
      send: (request, done) => tracedSend(tracer, inner, request, done),
      abortAll: () => inner.abortAll(),
      close: () => inner.close(),
    }),
    close,
  };
}

/** The span of a publish, ended by how it ends. */
class PublishSpan implements PublishObserver {
  readonly #span: Span;
  readonly #inner: PublishObserver;

  constructor(span: Span, inner: PublishObserver) {
    this.#span = span;
    this.#inner = inner;
  }

  published(result: Result<Published>): void {
    if (result.ok) {
      const { id, deliveries, duplicate } = result.value;
      this.#span.setAttributes({ "genhook.event_id": id, "genhook.deliveries": deliveries, "genhook.duplicate": duplicate });
    } else {
      const { code, message } = result.refusal;
      this.#span.setAttribute("error.type", code).setStatus({ code: SpanStatusCode.ERROR, message });
    }
    this.#span.end();
    this.#inner.published(result);
  }

  failed(error: unknown): void {
    this.#span
      .setAttribute("error.type", "internal_error")
      .setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
      .end();
    this.#inner.failed(error);
  }
}

function tracedTake(tracer: Tracer, inner: EventPublisher, request: PublishRequest, observer: PublishObserver): void {
  const { topic, shop, clientId } = request;
  const span = tracer.startSpan(`publish ${topic}`, { kind: SpanKind.PRODUCER }, contextOf(request.traceparent ?? null));
  if (!span.isRecording()) {
    inner.take(request, observer);
    return;
  }
  span.setAttributes({ "genhook.topic": topic, "genhook.shop": shop });
  if (clientId !== undefined) span.setAttribute("genhook.client_id", clientId);
  inner.take({ ...request, traceparent: traceparentOf(span) }, new PublishSpan(span, observer));
}

function tracedSend(tracer: Tracer, inner: Sender, request: AttemptRequest, done: (outcome: Outcome) => void): void {
  const { event } = request;
  const span = tracer.startSpan(`attempt ${event.topic}`, { kind: SpanKind.CLIENT }, contextOf(event.traceparent));
  if (!span.isRecording()) {
    inner.send(request, done);
    return;
  }
  span.setAttributes(attemptAttributes(request));
  inner.send({ ...request, event: { ...event, traceparent: traceparentOf(span) } }, (outcome) => {
    endAttempt(span, outcome);
    done(outcome);
  });
}

/** Names of the domain, and those of OpenTelemetry for HTTP clients. The address goes without its query, which may hold secrets. */
function attemptAttributes(request: AttemptRequest): Attributes {
  const { event, address, app, deliveryId, shopDomain, subscriptionId, attempt, isReplay, sequence } = request;
  const { origin, pathname, hostname, port, protocol } = new URL(address);
  return {
    "genhook.topic": event.topic,
    "genhook.event_id": event.id,
    "genhook.delivery_id": deliveryId,
    "genhook.shop": shopDomain,
    "genhook.client_id": app.clientId,
    "genhook.webhook_id": subscriptionId,
    "genhook.attempt": attempt,
    ...(isReplay ? { "genhook.replay": true } : {}),
    ...(event.isTest ? { "genhook.test": true } : {}),
    ...(sequence === null ? {} : { "genhook.sequence": sequence }),
    "http.request.method": "POST",
    "url.full": origin + pathname,
    "server.address": hostname,
    "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
  };
}

function endAttempt(span: Span, outcome: Outcome): void {
  if (outcome.kind === "response") {
    span.setAttribute("http.response.status_code", outcome.status);
    if (outcome.status < 200 || outcome.status > 299)
      span.setAttribute("error.type", String(outcome.status)).setStatus({ code: SpanStatusCode.ERROR });
  } else {
    const what = outcome.kind === "failure" ? outcome.error : "aborted";
    span
      .setAttribute("error.type", what)
      .setStatus({ code: SpanStatusCode.ERROR, ...(outcome.kind === "failure" ? { message: outcome.detail } : {}) });
  }
  span.end();
}

/** What a `traceparent` stands for: a parent elsewhere. Without one a trace begins here. */
function contextOf(traceparent: string | null): Context {
  if (traceparent === null) return ROOT_CONTEXT;
  const [, traceId = "", spanId = "", flags = "0"] = traceparent.split("-");
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true });
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** Whether something else in this process (`node --import …`) has set OpenTelemetry up: no-op spans have no valid context. */
export function isTraced(tracer: Tracer): boolean {
  // Never ended, hence never exported.
  return isSpanContextValid(tracer.startSpan("genhook", {}, ROOT_CONTEXT).spanContext());
}
