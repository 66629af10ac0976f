import {
  AckPolicy,
  DeliverPolicy,
  jetstreamManager,
  JetStreamApiError,
  type ConsumerInfo,
  type JetStreamManager,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { BrokerError } from "../brokers/broker-error.ts";

export interface NatsConsumerOptions {
  readonly stream: string;
  /** The durable consumer's name; it is made where it is missing. */
  readonly durable: string;
  /** Which of the stream's subjects, where the consumer is made here; all unless given. */
  readonly filterSubject?: string | undefined;
  readonly deadLetterSubject?: string | undefined;
}

/** Records that a consumer may have under way: what one process holds, and some more. */
const UNDER_WAY_MAX = 4_000;
const ACK_WAIT_MS = 30_000;
const NANOS = 1_000_000;

/** Finds or makes the durable consumer, and refuses a set-up in which a record could be lost. Rejects with a `BrokerError`. */
export async function openConsumer(connection: NatsConnection, options: NatsConsumerOptions): Promise<ConsumerInfo> {
  const { stream, durable, filterSubject, deadLetterSubject } = options;
  const manager = await askFor("JetStream", () => jetstreamManager(connection));
  const { config } = await askFor(`the stream ${stream}`, () => manager.streams.info(stream));
  if (config.retention !== "limits" && deadLetterSubject === undefined) {
    throw new BrokerError(
      "misconfigured",
      `the stream ${stream} removes what is done with (retention "${config.retention}"), so a refused record would be lost: give a dead-letter subject`,
    );
  }
  if (deadLetterSubject !== undefined) await findDeadLetterStream(manager, stream, deadLetterSubject);
  const info = await findConsumer(manager, stream, durable, filterSubject);
  const { ack_policy: ackPolicy, deliver_subject: deliverSubject, max_deliver: maxDeliver = -1 } = info.config;
  if (deliverSubject !== undefined)
    throw new BrokerError("misconfigured", `the consumer ${durable} is a push consumer; a pull consumer is needed`);
  if (ackPolicy !== AckPolicy.Explicit) throw new BrokerError("misconfigured", `the consumer ${durable} must acknowledge explicitly`);
  if (maxDeliver > 0) {
    throw new BrokerError(
      "misconfigured",
      `the consumer ${durable} gives up after ${maxDeliver} deliveries, so an outage would lose records: max_deliver must be -1`,
    );
  }
  return info;
}

async function findConsumer(manager: JetStreamManager, stream: string, durable: string, filterSubject?: string): Promise<ConsumerInfo> {
  try {
    return await manager.consumers.info(stream, durable);
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw asBrokerError(error, `the consumer ${durable}`);
  }
  return askFor(`the consumer ${durable}`, () =>
    manager.consumers.add(stream, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ACK_WAIT_MS * NANOS,
      max_ack_pending: UNDER_WAY_MAX,
      max_deliver: -1,
      ...(filterSubject === undefined ? {} : { filter_subject: filterSubject }),
    }),
  );
}

/** Somebody has to keep what is set aside, and it must not come in again. */
async function findDeadLetterStream(manager: JetStreamManager, stream: string, subject: string): Promise<void> {
  const keeper = await askFor(`a stream for the dead-letter subject ${subject}`, () => manager.streams.find(subject));
  if (keeper === stream)
    throw new BrokerError(
      "misconfigured",
      `the dead-letter subject ${subject} belongs to the stream ${stream} itself, so refused records would come in again`,
    );
}

async function askFor<Value>(what: string, ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    throw asBrokerError(error, what);
  }
}

function asBrokerError(error: unknown, what: string): BrokerError {
  const says = error instanceof Error ? error.message : String(error);
  return new BrokerError(error instanceof JetStreamApiError ? "misconfigured" : "unreachable", `${what} cannot be used: ${says}`);
}
