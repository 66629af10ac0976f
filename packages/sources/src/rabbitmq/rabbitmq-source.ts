import type { ConsumeMessage } from "amqplib";
import { Inbox } from "../brokers/inbox.ts";
import { readMessage } from "../brokers/read-message.ts";
import { readRoutePattern, type ReadRoute } from "../brokers/route-pattern.ts";
import type { Log } from "../intake/log.ts";
import { pause } from "../intake/pause.ts";
import type { Backlog, Refusal, Room, Source, SourceRecord } from "../intake/source.ts";
import { openRabbitChannel, type RabbitChannel, type RabbitOptions } from "./rabbit-channel.ts";

export interface RabbitSourceOptions extends RabbitOptions {
  /** How routing keys name shop and topic, such as `{shop}.{topic}`; without it headers or the body do. */
  readonly routingKeys?: string | undefined;
  readonly log: Log;
}

export interface RabbitRecord extends SourceRecord {
  readonly message: ConsumeMessage;
  /** The only one that can acknowledge it. */
  readonly channel: RabbitChannel;
}

const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 10_000;

/**
 * Messages of a RabbitMQ queue, at most as many at once as the prefetch says. Acknowledged when Genhook has accepted them. A refused one is published to the dead-letter
 * queue (confirmed), or rejected, so that the queue's own dead-letter exchange has it. With a lost connection goes everything that was not acknowledged; the
 * queue gives it again, in its place.
 */
export class RabbitSource implements Source<RabbitRecord> {
  readonly name: string;
  readonly blocksLanes = false;
  readonly #options: RabbitSourceOptions;
  readonly #readRoute: ReadRoute | null;
  readonly #inbox = new Inbox<RabbitRecord>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #channel: RabbitChannel;
  #hasWarned = false;
  #refused = 0;

  private constructor(channel: RabbitChannel, options: RabbitSourceOptions) {
    this.#options = options;
    this.#channel = channel;
    this.#readRoute = options.routingKeys === undefined ? null : readRoutePattern(options.routingKeys);
    this.name = `rabbitmq queue ${options.queue}`;
    this.#running = this.#run();
  }

  /** Rejects with a `BrokerError`, or a `TypeError` where `routingKeys` cannot be read. */
  static async open(options: RabbitSourceOptions): Promise<RabbitSource> {
    if (options.routingKeys !== undefined) readRoutePattern(options.routingKeys);
    return new RabbitSource(await openRabbitChannel(options), options);
  }

  take(room: Room<RabbitRecord>): Promise<readonly RabbitRecord[]> {
    return this.#inbox.take(room);
  }

  /** What a lost channel has brought comes again over the next one. */
  isCurrent({ channel }: RabbitRecord): boolean {
    return !channel.isLost;
  }

  async accepted(records: readonly RabbitRecord[]): Promise<void> {
    for (const { message, channel } of records) channel.ack(message);
  }

  async refused({ message, channel }: RabbitRecord, refusal: Refusal): Promise<void> {
    await channel.setAside(message, refusal);
    this.#refused += 1;
  }

  async backlog(): Promise<Backlog> {
    return { waiting: await this.#channel.countWaiting(), oldestAt: null, refused: this.#refused };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#channel.close();
    await this.#running;
  }

  /** One channel after the other, each until it is lost. */
  async #run(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted;) {
      try {
        const channel = this.#channel;
        const why = await channel.consume((message) => this.#inbox.add(this.#read(message, channel)));
        failures = 0;
        if (signal.aborted) return;
        log.warn({ source: this.name, why }, "the channel to the broker is gone; opened again");
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error, source: this.name }, "the broker cannot be reached; tried again");
      }
      this.#inbox.clear();
      failures += 1;
      await pause(Math.min(RECONNECT_MIN_MS * 2 ** (failures - 1), RECONNECT_MAX_MS), signal);
      if (!signal.aborted) await this.#reopen();
    }
  }

  async #reopen(): Promise<void> {
    try {
      this.#channel = await openRabbitChannel(this.#options);
      if (this.#stop.signal.aborted) await this.#channel.close();
    } catch {
      // The old one says so again.
    }
  }

  #read(message: ConsumeMessage, channel: RabbitChannel): RabbitRecord {
    const { properties, fields, content } = message;
    const id = textOf(properties.messageId);
    const label = `message ${id ?? "without an id"}, routing key ${fields.routingKey}`;
    const read = readMessage(
      { body: content, header: (name) => headerOf(message, name), route: fields.routingKey, id, sentAt: momentOf(properties.timestamp) },
      this.#readRoute,
    );
    if (!read.ok) return { message, channel, label, event: "", lane: null, bytes: content.length, refusal: read.refusal };
    if (!read.hasKey) this.#warnOfMissingId();
    return { message, channel, label, event: read.event, lane: read.lane, bytes: read.bytes, refusal: null };
  }

  #warnOfMissingId(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.log.warn(
      { source: this.name },
      "messages without a message-id cannot be told from copies of themselves: one that comes again is published again",
    );
  }
}

function headerOf({ properties }: ConsumeMessage, name: string): string | undefined {
  const headers = (properties.headers ?? {}) as Readonly<Record<string, unknown>>;
  const found = Object.keys(headers).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : (textOf(headers[found]) ?? undefined);
}

/** Clients write ids and headers as text or as numbers. */
function textOf(value: unknown): string | null {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

/** AMQP's timestamps are whole seconds. */
function momentOf(seconds: unknown): string | null {
  if (typeof seconds !== "number" || !(seconds > 0 && seconds < 32_503_680_000)) return null;
  return new Date(seconds * 1_000).toISOString();
}
