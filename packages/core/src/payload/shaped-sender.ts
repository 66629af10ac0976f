import type { Sender } from "../ports/sender.ts";
import type { Payloads } from "./payloads.ts";

/**
 * Brings the event of each attempt into the form that its app gets now: the app's version, and the subscription's fields. Attempts, what was
 * held and replays follow the settings as they are when they start, as they follow the address; headers and signatures are over the result.
 */
export function shapedSender(inner: Sender, payloads: Pick<Payloads, "bodyOf">): Sender {
  return {
    send: (request, done) => {
      const { event, app, fields } = request;
      if (fields === undefined && app.apiVersion === event.apiVersion) {
        inner.send(request, done);
        return;
      }
      inner.send({ ...request, event: { ...event, ...payloads.bodyOf(event, app.apiVersion, fields) } }, done);
    },
    abortAll: () => inner.abortAll(),
    close: () => inner.close(),
  };
}
