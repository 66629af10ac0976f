import { connect, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from "amqplib";
import { readAuthorities } from "../brokers/authorities.ts";
import { BrokerError } from "../brokers/broker-error.ts";
import { pause } from "../intake/pause.ts";
import type { Refusal } from "../intake/source.ts";

export interface RabbitOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps://…`. */
  readonly server: string;
  /** A queue that is there already: how it is made is its owner's affair. */
  readonly queue: string;
  /** Where a refused message goes; without one it is rejected, and the queue's own dead-letter exchange has it. */
  readonly deadLetterQueue?: string | undefined;
  /** Messages that may be under way; 1,000 unless given. */
  readonly prefetch?: number | undefined;
  /** A file with the authorities that the server's certificate may be of, instead of the usual ones. */
  readonly caFile?: string | undefined;
}

/** One channel on one connection, from opening to loss. */
export interface RabbitChannel {
  readonly isLost: boolean;
  /** Takes messages until the channel is lost or closed; then says why. Rejects where it is gone before. */
  consume(take: (message: ConsumeMessage) => void): Promise<string>;
  ack(message: ConsumeMessage): void;
  /** Rejects while the message is not safely elsewhere. */
  setAside(message: ConsumeMessage, refusal: Refusal): Promise<void>;
  countWaiting(): Promise<number>;
  close(): Promise<void>;
}

const PREFETCH = 1_000;
const CONNECT_TIMEOUT_MS = 10_000;
const GOODBYE_MS = 2_000;
/** A connection that is dead without a word is noticed within twice this. */
const HEARTBEAT_SECONDS = 15;

/** Rejects with a `BrokerError`. */
export async function openRabbitChannel(options: RabbitOptions): Promise<RabbitChannel> {
  const { server, queue, deadLetterQueue, caFile } = options;
  if (!/^amqps?:\/\//.test(server) || !URL.canParse(server)) {
    throw new BrokerError("misconfigured", "the server must be a URL such as amqp://user:password@host:5672");
  }
  const url = new URL(server);
  if (!url.searchParams.has("heartbeat")) url.searchParams.set("heartbeat", String(HEARTBEAT_SECONDS));
  const authorities = caFile === undefined ? {} : { ca: [readAuthorities(caFile)] };
  let connection: ChannelModel;
  try {
    connection = await connect(url.href, {
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: "genhook source" },
      ...authorities,
    });
  } catch (error) {
    throw new BrokerError("unreachable", `RabbitMQ cannot be reached: ${says(error)}`);
  }
  // Told again with the close that follows.
  connection.on("error", () => undefined);
  try {
    const channel = await connection.createConfirmChannel();
    channel.on("error", () => undefined);
    await channel.checkQueue(queue);
    if (deadLetterQueue !== undefined) await channel.checkQueue(deadLetterQueue);
    if (deadLetterQueue === queue) throw new Error("the dead-letter queue is the queue itself, so refused messages would come in again");
    return new OpenChannel(connection, channel, options);
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw new BrokerError("misconfigured", `the queue ${queue} cannot be used: ${says(error)}`);
  }
}

class OpenChannel implements RabbitChannel {
  readonly #connection: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #options: RabbitOptions;
  readonly #lost: Promise<string>;
  readonly #returned = new Set<string>();
  isLost = false;
  #deadLetters = 0;

  constructor(connection: ChannelModel, channel: ConfirmChannel, options: RabbitOptions) {
    this.#connection = connection;
    this.#channel = channel;
    this.#options = options;
    channel.on("return", ({ properties }) => this.#returned.add(String(properties.correlationId)));
    this.#lost = new Promise((resolve) => {
      const lose = (why: string): void => {
        this.isLost = true;
        resolve(why);
      };
      channel.on("error", (error: Error) => lose(error.message));
      channel.on("close", () => lose("the channel was closed"));
      connection.on("close", (error?: Error) => lose(error?.message ?? "the connection was closed"));
    });
  }

  async consume(take: (message: ConsumeMessage) => void): Promise<string> {
    if (this.isLost) throw new Error(await this.#lost);
    const cancelled = Promise.withResolvers<string>();
    await this.#channel.prefetch(this.#options.prefetch ?? PREFETCH);
    await this.#channel.consume(this.#options.queue, (message) => {
      if (message !== null) take(message);
      else cancelled.resolve("the queue is gone");
    });
    const why = await Promise.race([this.#lost, cancelled.promise]);
    await this.close();
    return why;
  }

  ack(message: ConsumeMessage): void {
    // On a lost channel there is nothing to acknowledge: it comes again, and is known by its id.
    if (!this.isLost) this.#channel.ack(message);
  }

  async setAside(message: ConsumeMessage, refusal: Refusal): Promise<void> {
    // It comes again, and is refused again.
    if (this.isLost) return;
    const { deadLetterQueue } = this.#options;
    if (deadLetterQueue === undefined) return this.#channel.nack(message, false, false);
    await this.#publishDeadLetter(deadLetterQueue, message, refusal);
    this.ack(message);
  }

  async countWaiting(): Promise<number> {
    return (await this.#channel.checkQueue(this.#options.queue)).messageCount;
  }

  async close(): Promise<void> {
    const wasLost = this.isLost;
    this.isLost = true;
    // Before its connection: acknowledgements that are still to be written would be overtaken by the connection's goodbye.
    const goodbye = async (): Promise<void> => {
      if (!wasLost) await this.#channel.close();
      await this.#connection.close();
    };
    // Nobody may be there to answer it.
    await Promise.race([goodbye().catch(() => undefined), pause(GOODBYE_MS)]);
  }

  /** As it came, with its reason in headers. A confirmation alone says nothing of a queue that is gone: then the message is returned. */
  #publishDeadLetter(queue: string, { content, fields, properties }: ConsumeMessage, { code, message, member }: Refusal): Promise<void> {
    this.#deadLetters += 1;
    const correlationId = `genhook refused ${this.#deadLetters}`;
    const own = {
      "genhook-refused-code": code,
      "genhook-refused-error": message,
      "genhook-refused-routing-key": fields.routingKey,
      ...(member === null ? {} : { "genhook-refused-member": member }),
      ...(properties.correlationId === undefined ? {} : { "genhook-refused-correlation-id": String(properties.correlationId) }),
    };
    const { contentType, contentEncoding, messageId, timestamp, type, appId } = properties;
    const kept = { contentType, contentEncoding, messageId, timestamp, type, appId };
    return new Promise((resolve, reject) => {
      this.#channel.sendToQueue(
        queue,
        content,
        {
          ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
          headers: { ...properties.headers, ...own },
          correlationId,
          persistent: true,
          mandatory: true,
        },
        (error: unknown) => {
          if (error !== null && error !== undefined) reject(new Error(`the dead-letter queue did not take it: ${says(error)}`));
          else if (this.#returned.delete(correlationId)) reject(new Error(`the dead-letter queue ${queue} is gone`));
          else resolve();
        },
      );
    });
  }
}

function says(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof AggregateError && error.message === "" ? error.errors.map(says).join("; ") : error.message;
}
