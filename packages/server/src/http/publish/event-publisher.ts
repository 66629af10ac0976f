import { readTraceparent } from "@genhook/contract";
import type { Publisher } from "@genhook/core";

/** What a publish route needs of the publisher: traces and the like can stand in front of it. */
export type EventPublisher = Pick<Publisher, "publish" | "take">;

/** A request's `traceparent` header counts for each of its events that names none itself. */
export function inTraceOf(header: string | string[] | undefined, publisher: EventPublisher): EventPublisher {
  const traceparent = readTraceparent(typeof header === "string" ? header : undefined);
  if (traceparent === null) return publisher;
  return {
    publish: (request) => publisher.publish({ ...request, traceparent: request.traceparent ?? traceparent }),
    take: (request, observer) => publisher.take({ ...request, traceparent: request.traceparent ?? traceparent }, observer),
  };
}
