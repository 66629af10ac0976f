import { jetstream, type Consumer, type ConsumerInfo, type ConsumerMessages, type JetStreamClient, type JsMsg } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { Inbox } from "../brokers/inbox.ts";
import { readMessage } from "../brokers/read-message.ts";
import { readRoutePattern, type ReadRoute } from "../brokers/route-pattern.ts";
import type { Log } from "../intake/log.ts";
import { pause } from "../intake/pause.ts";
import type { Backlog, Refusal, Room, Source, SourceRecord } from "../intake/source.ts";
import { connectNats, type NatsConnectionOptions } from "./connect.ts";
import { openConsumer, type NatsConsumerOptions } from "./consumer.ts";

export interface NatsSourceOptions extends NatsConnectionOptions, NatsConsumerOptions {
  /** How subjects name shop and topic, such as `events.{shop}.{topic}`; without it headers or the body do. */
  readonly subjects?: string | undefined;
  readonly log: Log;
}

export interface NatsRecord extends SourceRecord {
  readonly message: JsMsg;
}

/** Of one pull request: little enough to be held in memory, whatever their size. */
const PULL_MAX = 200;
/** The shortest that the client takes; a stop waits for it. */
const PULL_EXPIRES_MS = 1_000;
const AFTER_FAILURE_MS = 500;
const NANOS_PER_MS = 1_000_000;

/**
 * Records of a JetStream stream, pulled by a durable consumer. Acknowledged when Genhook has accepted them; what is under way for long is kept from coming again. A
 * refused record is published to the dead-letter subject, or, without one, terminated and told in the log by its sequence, under which the stream keeps it.
 */
export class NatsSource implements Source<NatsRecord> {
  readonly name: string;
  readonly blocksLanes = false;
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #consumer: Consumer;
  readonly #options: NatsSourceOptions;
  readonly #readRoute: ReadRoute | null;
  readonly #inbox = new Inbox<NatsRecord>();
  /** By the stream's sequence: everything that was handed over and is not done with. */
  readonly #underWay = new Map<number, NatsRecord>();
  readonly #stop = new AbortController();
  readonly #pulling: Promise<void>;
  readonly #keeping: NodeJS.Timeout;
  #messages: ConsumerMessages | null = null;
  #refused = 0;

  constructor(connection: NatsConnection, consumer: Consumer, info: ConsumerInfo, options: NatsSourceOptions) {
    this.#connection = connection;
    this.#client = jetstream(connection);
    this.#consumer = consumer;
    this.#options = options;
    this.#readRoute = options.subjects === undefined ? null : readRoutePattern(options.subjects);
    this.name = `nats stream ${options.stream}`;
    const ackWaitMs = (info.config.ack_wait ?? 30_000 * NANOS_PER_MS) / NANOS_PER_MS;
    this.#keeping = setInterval(() => this.#keep(), Math.max(100, ackWaitMs / 3));
    this.#pulling = this.#pull(info.num_ack_pending > 0 ? ackWaitMs : 0);
  }

  /** Rejects with a `BrokerError`, or a `TypeError` where `subjects` cannot be read. */
  static async open(options: NatsSourceOptions): Promise<NatsSource> {
    if (options.subjects !== undefined) readRoutePattern(options.subjects);
    const connection = await connectNats(options);
    try {
      const info = await openConsumer(connection, options);
      const consumer = await jetstream(connection).consumers.get(options.stream, options.durable);
      return new NatsSource(connection, consumer, info, options);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  take(room: Room<NatsRecord>): Promise<readonly NatsRecord[]> {
    return this.#inbox.take(room);
  }

  async accepted(records: readonly NatsRecord[]): Promise<void> {
    for (const { message } of records) {
      this.#underWay.delete(message.seq);
      // One that is lost is a record that comes again, and is known by its key.
      message.ack();
    }
  }

  async refused({ message }: NatsRecord, refusal: Refusal): Promise<void> {
    const { deadLetterSubject } = this.#options;
    if (deadLetterSubject === undefined) message.term();
    else {
      await this.#publishDeadLetter(deadLetterSubject, message, refusal);
      message.ack();
    }
    this.#underWay.delete(message.seq);
    this.#refused += 1;
  }

  isCurrent(): boolean {
    return true;
  }

  async backlog(): Promise<Backlog> {
    const { num_pending: pending, num_ack_pending: underWay } = await this.#consumer.info();
    return { waiting: pending + underWay, oldestAt: null, refused: this.#refused };
  }

  /** What is not done with is given back, so that another process need not wait for it. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#keeping);
    // With something to give back the request is left to expire: given back while the server has it, records lose their order (seen with 2.9).
    if (this.#underWay.size === 0) await this.#messages?.close();
    await this.#pulling;
    for (const { message } of this.#underWay.values()) message.nak();
    if (!this.#connection.isClosed()) await Promise.race([this.#connection.drain(), pause(AFTER_FAILURE_MS)]);
    await this.#connection.close();
  }

  /** One pull request after the other, each when there is room for it: that is the back-pressure. */
  async #pull(waitMs: number): Promise<void> {
    const { signal } = this.#stop;
    if (waitMs > 0) {
      // They come again when their time is up, and then before everything newer: so the order of keys outlives a process that was killed.
      this.#options.log.info({ source: this.name, waitMs }, "records were under way when a process ended; they come first");
      await pause(waitMs, signal);
    }
    while (!signal.aborted) {
      try {
        if (this.#inbox.all.length >= PULL_MAX) await pause(10, signal);
        else await this.#pullOnce();
      } catch (error) {
        if (signal.aborted) return;
        this.#options.log.warn({ err: error, source: this.name }, "records cannot be pulled; tried again");
        await pause(AFTER_FAILURE_MS, signal);
      }
    }
  }

  async #pullOnce(): Promise<void> {
    const messages = await this.#consumer.fetch({ max_messages: PULL_MAX, expires: PULL_EXPIRES_MS });
    this.#messages = messages;
    for await (const message of messages) {
      // One that comes again while it is under way; its first copy answers for both.
      if (this.#underWay.has(message.seq)) continue;
      const record = this.#read(message);
      this.#underWay.set(message.seq, record);
      this.#inbox.add(record);
    }
  }

  #read(message: JsMsg): NatsRecord {
    const { seq, timestampNanos, subject, data } = message;
    const label = `sequence ${seq}, subject ${subject}`;
    const header = (name: string): string | undefined => headerOf(message, name);
    const read = readMessage(
      {
        body: data,
        header,
        route: subject,
        // Its place in the stream, where its publisher gave it no id; the time tells a stream from one that had the same name before.
        id: header("Nats-Msg-Id") ?? `nats ${this.#options.stream} ${seq} ${timestampNanos}`,
        sentAt: momentOf(timestampNanos),
      },
      this.#readRoute,
    );
    if (!read.ok) return { message, label, event: "", lane: null, bytes: data.length, refusal: read.refusal };
    return { message, label, event: read.event, lane: read.lane, bytes: read.bytes, refusal: null };
  }

  async #publishDeadLetter(subject: string, message: JsMsg, { code, message: says, member }: Refusal): Promise<void> {
    const all = headers();
    for (const [name, values] of message.headers ?? []) if (!name.startsWith("Nats-")) for (const value of values) all.append(name, value);
    const own = {
      Subject: message.subject,
      Sequence: String(message.seq),
      Code: code,
      Error: oneLine(says),
      ...(member === null ? {} : { Member: oneLine(member) }),
    };
    for (const [name, value] of Object.entries(own)) all.set(`Genhook-Refused-${name}`, value);
    // Published again after a crash, it is not kept twice.
    await this.#client.publish(subject, message.data, { headers: all, msgID: `refused ${this.#options.stream} ${message.seq}` });
  }

  #keep(): void {
    for (const { message } of this.#underWay.values()) message.working();
  }
}

/** Names compare without case. */
function headerOf({ headers: all }: JsMsg, name: string): string | undefined {
  if (all === undefined) return undefined;
  const found = all.keys().find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : all.get(found);
}

/** RFC 3339 with nine fractional digits. */
function momentOf(nanos: bigint): string {
  const fraction = String(nanos % 1_000_000_000n).padStart(9, "0");
  return `${new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19)}.${fraction}Z`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
