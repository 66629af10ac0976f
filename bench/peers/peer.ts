import { SignedPost } from "../src/signed-post.ts";

/** What a peer is given: as many arguments of its process, in this order. */
export interface PeerSettings {
  readonly role: "publish" | "deliver";
  /** Where its store listens: a URL, or a socket's path. */
  readonly store: string;
  readonly origin: string;
  readonly events: number;
  readonly connections: number;
  readonly payload: string;
  readonly clientSecret: string;
  readonly signingSecret: string;
}

/** Deliveries of one insert, as many as Genhook's publisher sends in one request. */
export const BATCH = 500;

export interface Peer {
  /** Stores `count` deliveries in one go, durably as far as it can. */
  readonly insert: (first: number, count: number) => Promise<void>;
  /** Starts to deliver; answers how to stop, which waits for what is under way. */
  readonly deliver: (post: (n: number, payload: string) => Promise<void>) => Promise<() => Promise<void>>;
  /** Deliveries that are stored and not finished. */
  readonly left: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** One process of a peer: tells when it is ready, begins when told to, and tells when it is done. */
export async function runPeer(open: (settings: PeerSettings) => Promise<Peer>): Promise<void> {
  const [role = "", store = "", origin = "", events = "", connections = "", clientSecret = "", signingSecret = "", payload = ""] =
    process.argv.slice(2);
  const settings: PeerSettings = {
    role: role === "publish" ? "publish" : "deliver",
    store,
    origin,
    events: Number(events),
    connections: Number(connections),
    payload,
    clientSecret,
    signingSecret,
  };
  const peer = await open(settings);
  await (settings.role === "publish" ? publish(peer, settings) : deliver(peer, settings));
  await peer.close();
  process.disconnect();
}

async function publish(peer: Peer, { events }: PeerSettings): Promise<void> {
  const begin = told("begin");
  process.send?.({ kind: "ready" });
  await begin;
  let next = 0;
  const insert = async (): Promise<void> => {
    while (next < events) {
      const first = next;
      next = Math.min(events, next + BATCH);
      await peer.insert(first, next - first);
    }
  };
  // As many batches under way as Genhook's publisher has.
  await Promise.all([insert(), insert(), insert()]);
}

async function deliver(peer: Peer, { origin, connections, clientSecret, signingSecret, events }: PeerSettings): Promise<void> {
  const post = new SignedPost({ origin, connections, clientSecret, signingSecret });
  let finished = 0;
  let tellAll: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (tellAll = resolve));
  const stop = await peer.deliver(
    (n, payload) =>
      new Promise((resolve, reject) => {
        post.send(n, Buffer.from(payload), (error) => {
          if (error !== undefined) {
            reject(error);
            return;
          }
          resolve();
          finished += 1;
          if (finished === events) tellAll();
        });
      }),
  );
  process.send?.({ kind: "ready" });
  await all;
  // The last ones are posted and not settled yet.
  while ((await peer.left()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const ended = told("end");
  process.send?.({ kind: "done" });
  await ended;
  await stop();
  await post.close();
}

function told(kind: string): Promise<void> {
  return new Promise((resolve) => {
    process.on("message", (message: { readonly kind: string }) => {
      if (message.kind === kind) resolve();
    });
  });
}
