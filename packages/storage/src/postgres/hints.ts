import { randomUUID } from "node:crypto";
import type { Hint, Hints, LaneRef } from "@genhook/core";
import pg from "pg";
import { messageOf } from "../open-error.ts";
import { clientOptions, type Database } from "./database.ts";
import { placeOf } from "./open-failure.ts";

const CHANNEL = "genhook";
/** How long hints are gathered, ms, and how much one notification may carry (PostgreSQL refuses 8,000 bytes). */
const GATHER_MS = 5;
const PAYLOAD_BYTES_MAX = 7_000;
/** Lanes gathered at most: beyond them the owners' scans find the rest. */
const LANES_MAX = 5_000;
/** Subscriptions with new numbers of one notification, and gathered at most: beyond them those who wait look for themselves. */
const NUMBERED_OF_ONE = 400;
const NUMBERED_MAX = 2_000;
/** How often it is looked whether hints arrive, how long one may take, and when a lost connection is made again, ms. */
const PING_EVERY_MS = 10_000;
const PING_TAKES_MS = 2_000;
const CONNECT_AGAIN_MS = 1_000;

/** On the wire, as JSON: who tells, lanes as pairs, the directory's version, leases given up, subscriptions with new numbers, or a call to oneself. */
interface Notice {
  readonly from: string;
  readonly lanes?: readonly (readonly [shard: number, lane: number])[];
  readonly directory?: number;
  readonly leases?: true;
  readonly numbered?: readonly number[];
  readonly ping?: number;
}

/**
 * Hints as notifications (`NOTIFY`), told in a transaction that does not wait for the disk, heard on a connection of its own. A process
 * calls itself every few seconds: behind a transaction pooler the call does not come back, and then scans are made more often. Nothing
 * depends on hints for correctness.
 */
export class PostgresHints implements Hints {
  readonly #database: Database;
  readonly #url: string;
  readonly #name: string = randomUUID();
  readonly #lanes = new Map<string, LaneRef>();
  #directory: number | null = null;
  #leases = false;
  readonly #numbered = new Set<number>();
  #gathering: NodeJS.Timeout | null = null;
  #client: pg.Client | null = null;
  #onHint: ((hint: Hint) => void) | null = null;
  #pings = 0;
  #answeredPing = 0;
  #pingTimer: NodeJS.Timeout | null = null;
  #connectTimer: NodeJS.Timeout | null = null;
  #isWorking = false;
  #isClosed = false;
  #sending: Promise<unknown> = Promise.resolve();
  readonly #onChange: (why: string | null) => void;
  /** Why hints do not arrive, as it was told last. */
  #told: string | null = null;

  /**
   * `url`: where to listen; the same database as the pools', past a pooler where there is one. `onChange` is told why hints do not arrive, and
   * null when they do again.
   */
  constructor(database: Database, url: string, onChange: (why: string | null) => void = () => undefined) {
    this.#database = database;
    this.#url = url;
    this.#onChange = onChange;
  }

  get isWorking(): boolean {
    return this.#isWorking;
  }

  /** Resolves once it is known whether hints arrive. */
  async connect(): Promise<void> {
    if (this.#isClosed) return;
    const client = new pg.Client(clientOptions(this.#url));
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    client.on("notification", ({ payload }) => this.#heard(payload ?? ""));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      if (this.#isClosed) {
        await client.end();
        return;
      }
      this.#client = client;
      await this.#ping();
    } catch (error) {
      this.#say(`nobody can listen at ${placeOf(this.#url)} (${messageOf(error)})`);
      this.#lost(client);
    }
  }

  tell(hint: Hint): void {
    if (this.#isClosed) return;
    if (hint.kind === "lanes") {
      for (const lane of hint.lanes) if (this.#lanes.size < LANES_MAX) this.#lanes.set(`${lane.shard} ${lane.lane}`, lane);
    } else if (hint.kind === "directory") {
      this.#directory = Math.max(this.#directory ?? 0, hint.version);
    } else if (hint.kind === "numbered") {
      for (const subscription of hint.subscriptions) if (this.#numbered.size < NUMBERED_MAX) this.#numbered.add(subscription);
    } else {
      this.#leases = true;
    }
    this.#gathering ??= setTimeout(() => this.#send(), GATHER_MS);
  }

  listen(onHint: (hint: Hint) => void): void {
    this.#onHint = onHint;
  }

  async close(): Promise<void> {
    // What was told last is often the most urgent: leases that this process has just given up.
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    if (this.#gathering !== null) this.#send();
    this.#isClosed = true;
    for (const timer of [this.#pingTimer, this.#connectTimer]) if (timer !== null) clearTimeout(timer);
    await this.#sending;
    await this.#client?.end().catch(() => undefined);
  }

  #send(): void {
    this.#gathering = null;
    const notices: Notice[] = [];
    let lanes: (readonly [number, number])[] = [];
    let size = 0;
    for (const { shard, lane } of this.#lanes.values()) {
      if (size > PAYLOAD_BYTES_MAX) {
        notices.push({ from: this.#name, lanes });
        lanes = [];
        size = 0;
      }
      lanes.push([shard, lane]);
      size += `[${shard},${lane}],`.length;
    }
    const numbered = [...this.#numbered];
    for (let from = 0; from < numbered.length; from += NUMBERED_OF_ONE) {
      notices.push({ from: this.#name, numbered: numbered.slice(from, from + NUMBERED_OF_ONE) });
    }
    const rest = {
      ...(lanes.length === 0 ? {} : { lanes }),
      ...(this.#directory === null ? {} : { directory: this.#directory }),
      ...(this.#leases ? { leases: true as const } : {}),
    };
    if (Object.keys(rest).length > 0) notices.push({ from: this.#name, ...rest });
    this.#lanes.clear();
    this.#directory = null;
    this.#leases = false;
    this.#numbered.clear();
    // Lost where it fails, as hints may be.
    this.#sending = Promise.allSettled([this.#sending, ...notices.map((notice) => this.#notify(notice))]);
  }

  /** Several statements in one message: a transaction of its own that does not wait for its flush. */
  async #notify(notice: Notice): Promise<void> {
    const payload = pg.escapeLiteral(JSON.stringify(notice));
    await this.#database.query("soon", `BEGIN; SET LOCAL synchronous_commit = off; SELECT pg_notify('${CHANNEL}', ${payload}); COMMIT`);
  }

  async #ping(): Promise<void> {
    this.#pings += 1;
    const ping = this.#pings;
    const heard = new Promise<void>((resolve) => {
      this.#pingTimer = setTimeout(() => {
        this.#isWorking = this.#answeredPing >= ping;
        this.#say(
          this.#isWorking ? null : `what is told does not come back at ${placeOf(this.#url)}: a transaction pooler, or another database`,
        );
        this.#pingTimer = setTimeout(() => void this.#ping(), PING_EVERY_MS);
        this.#pingTimer.unref();
        resolve();
      }, PING_TAKES_MS);
      this.#pingTimer.unref();
      this.#onPing = (): void => {
        if (this.#pingTimer !== null) clearTimeout(this.#pingTimer);
        this.#isWorking = true;
        this.#say(null);
        this.#pingTimer = setTimeout(() => void this.#ping(), PING_EVERY_MS);
        this.#pingTimer.unref();
        resolve();
      };
    });
    await this.#notify({ from: this.#name, ping }).catch(() => undefined);
    await heard;
  }

  #say(why: string | null): void {
    if (this.#isClosed || why === this.#told) return;
    this.#told = why;
    this.#onChange(why);
  }

  #onPing: () => void = () => undefined;

  #heard(payload: string): void {
    let notice: Notice;
    try {
      notice = JSON.parse(payload) as Notice;
    } catch {
      return;
    }
    if (notice.from === this.#name) {
      if (notice.ping === undefined) return;
      this.#answeredPing = Math.max(this.#answeredPing, notice.ping);
      if (notice.ping === this.#pings) this.#onPing();
      return;
    }
    if (notice.lanes !== undefined) this.#onHint?.({ kind: "lanes", lanes: notice.lanes.map(([shard, lane]) => ({ shard, lane })) });
    if (notice.directory !== undefined) this.#onHint?.({ kind: "directory", version: notice.directory });
    if (notice.numbered !== undefined) this.#onHint?.({ kind: "numbered", subscriptions: notice.numbered });
    if (notice.leases === true) this.#onHint?.({ kind: "leases" });
  }

  #lost(client: pg.Client): void {
    if (this.#client !== null && this.#client !== client) return;
    this.#client = null;
    this.#isWorking = false;
    if (this.#pingTimer !== null) clearTimeout(this.#pingTimer);
    if (this.#isClosed || this.#connectTimer !== null) return;
    client.end().catch(() => undefined);
    this.#connectTimer = setTimeout(() => {
      this.#connectTimer = null;
      void this.connect();
    }, CONNECT_AGAIN_MS);
    this.#connectTimer.unref();
  }
}
