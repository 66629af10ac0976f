import { endpointSign, retryAfterUntil, RETRY_AFTER_MAX_MS, type AttemptRequest, type Outcome, type Sender } from "@genhook/core";
import type { SimulatedNode } from "./simulated-node.ts";
import type { World } from "./world.ts";

/** Sends into the world: what is started is compared with what may be, and the endpoint answers as it does. */
export function simulatedSender(world: World, node: SimulatedNode): Sender {
  const cutOffs = new Set<() => void>();
  return {
    send: (request, done) => {
      const { process } = node;
      if (!process.isAlive || world.dies(node, "an attempt starts")) return;
      checkBody(world, node, request);
      const settings = node.directory.directory.subscription(request.subscriptionId)?.settings;
      const ended = world.truth.started(node.name, request, node.isCutOff);
      const told = world.limits.started(node.name, world.truth.endpointOf(request), {
        isSlow: world.population.isSlow(request.subscriptionId),
        ratePerSecond: world.population.rateOf(request.subscriptionId),
      });
      world.waits.started(request.deliveryId);
      const { outcome, arrivesMs, endsMs } = world.population.answer(request, settings?.ordered === true);
      const { deliveryId, attempt, isReplay, subscriptionId } = request;
      const isSuccess = outcome.kind === "response" && outcome.status < 300;
      const arrival = { deliveryId, attempt, isReplay, isSuccess, subscription: subscriptionId, isCutOff: false };
      if (arrivesMs !== null) world.time.after(arrivesMs, () => world.arrivals.push(arrival));
      let isOver = false;
      const end = (as: Outcome): void => {
        if (isOver) return;
        isOver = true;
        cutOffs.delete(cutOff);
        ended();
        process.arrive(() => {
          if (as.kind === "aborted") world.transitions.take("decision", "aborted: uncounted");
          told(endpointSign(as), pauseOf(as, world.time.clock.now()));
          done(as);
          world.dies(node, "an attempt has ended");
        });
      };
      const cutOff = (): void => {
        arrival.isCutOff = !isOver;
        end({ kind: "aborted" });
      };
      cutOffs.add(cutOff);
      world.time.after(endsMs, () => end(outcome));
    },
    abortAll: () => {
      for (const cutOff of cutOffs) world.time.after(0, cutOff);
    },
    close: () => Promise.resolve(),
  };
}

/** How long the endpoint asked to be left alone, ms; null where it did not, or named a moment by some clock. */
export function pauseOf(outcome: Outcome, now: number): number | null {
  if (outcome.kind !== "response" || (outcome.status !== 429 && outcome.status !== 503)) return null;
  const until = retryAfterUntil(outcome.retryAfter, now, RETRY_AFTER_MAX_MS);
  return until === null ? null : until - now;
}

/** Only what the subscription's filter lets through is sent, and of that only its fields. */
function checkBody({ breaches }: World, node: SimulatedNode, { subscriptionId, event }: AttemptRequest): void {
  const settings = node.directory.directory.subscription(subscriptionId)?.settings ?? {};
  if (settings.fields === undefined && settings.filter === undefined) return;
  const body = new TextDecoder().decode(event.payload);
  if (settings.fields !== undefined) {
    if (!/^\{"order":\{"id":\d*[02468]\}\}$/.test(body)) breaches.add("body", `sent ${body} to a webhook for ids of odd orders`);
  } else if (!body.includes('"parity":"0"')) {
    breaches.add("body", `sent ${body} to a webhook for even orders`);
  }
}
