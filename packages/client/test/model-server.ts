import { type EventToPublish } from "../src/index.ts";

/** What becomes of a request. */
export type Fate =
  | "taken"
  /** The connection ends before anything was read. */
  | "lost"
  /** Everything was done; the answer never arrives. */
  | "answer lost"
  /** The first half was done when the connection ended. */
  | "half done"
  | "overloaded"
  /** Every second event finds the store full. */
  | "partly overloaded"
  /** A proxy that takes no more than two events. */
  | "too large"
  | "gateway"
  /** As many answers as events, of which none says anything. */
  | "empty answers"
  | "someone else's page";

export interface ModelRequest {
  readonly keys: readonly string[];
  readonly bytes: number;
}

interface Line {
  readonly idempotencyKey: string;
  readonly topic: string;
}

/** What the platform API promises about publishing, in memory: keys count once, whatever happens to the answers. */
export class ModelServer {
  /** Idempotency key → event id. */
  readonly events = new Map<string, string>();
  readonly requests: ModelRequest[] = [];
  /** What becomes of the next ones; `taken` after the last. */
  fates: Fate[] = [];
  /** Waited for before an answer. */
  gate: Promise<void> = Promise.resolve();
  underWay = 0;
  underWayMax = 0;

  readonly fetch: typeof fetch = async (_, init) => {
    const body = new TextDecoder().decode(init?.body as Uint8Array);
    const lines = body
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    this.requests.push({ keys: lines.map(({ idempotencyKey }) => idempotencyKey), bytes: body.length });
    this.underWay += 1;
    this.underWayMax = Math.max(this.underWayMax, this.underWay);
    const fate = this.fates.shift() ?? "taken";
    try {
      await Promise.race([
        this.gate,
        new Promise((_, reject) => {
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error), { once: true });
        }),
      ]);
      return this.#answer(lines, fate);
    } finally {
      this.underWay -= 1;
    }
  };

  #answer(lines: readonly Line[], fate: Fate): Response {
    switch (fate) {
      case "lost":
        throw new TypeError("fetch failed");
      case "half done":
        for (const line of lines.slice(0, lines.length / 2)) this.#publish(line);
        throw new TypeError("fetch failed");
      case "answer lost":
        for (const line of lines) this.#publish(line);
        throw new TypeError("fetch failed");
      case "overloaded":
        return Response.json({ error: "busy", code: "overloaded" }, { status: 503, headers: { "Retry-After": "0" } });
      case "gateway":
        return new Response("<html>bad gateway</html>", { status: 502, headers: { "Retry-After": "0" } });
      case "someone else's page":
        return new Response("<html>hello</html>", { status: 200, headers: { "Retry-After": "0" } });
      case "too large":
        if (lines.length > 2) return new Response("<html>too large</html>", { status: 413 });
        return this.#answer(lines, "taken");
      case "partly overloaded":
        return Response.json({
          events: lines.map((line, index) => (index % 2 === 1 ? { error: "busy", code: "overloaded" } : this.#publish(line))),
        });
      case "empty answers":
        return Response.json({ events: lines.map(() => ({})) }, { status: 202 });
      case "taken":
        return Response.json({ events: lines.map((line) => this.#publish(line)) }, { status: 202 });
    }
  }

  #publish({ idempotencyKey, topic }: Line): object {
    if (topic === "not/there") return { error: "There is no topic not/there.", code: "unknown_topic", member: "topic" };
    if (topic === "not/storable") return { error: "This event could not be stored.", code: "internal_error" };
    const known = this.events.get(idempotencyKey);
    const id = known ?? `event-${this.events.size}`;
    this.events.set(idempotencyKey, id);
    return { id, deliveries: 2, duplicate: known !== undefined };
  }
}

export const order = (number: number, more: Partial<EventToPublish> = {}): EventToPublish =>
  ({ shop: "suns-shop.genmystore.com", topic: "orders/create", payload: { order: { id: number } }, ...more }) as EventToPublish;
