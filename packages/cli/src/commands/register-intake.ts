import { Option, type Command } from "commander";
import type { Terminal } from "../output/terminal.ts";
import type { OutboxCommandFlags, SchemaFlags } from "../outbox/outbox-commands.ts";
import type { RelayFlags } from "../outbox/relay.ts";
import type { NatsFlags } from "../sources/nats.ts";
import type { RabbitFlags } from "../sources/rabbitmq.ts";
import { connectionOptions, outputOptions } from "./common-options.ts";

const METRICS: readonly [string, string] = [
  "--metrics-port <number>",
  "serve /metrics and /healthz on this port of the loopback address; 0 takes a free one",
];

/** What brings events in from elsewhere. */
export function registerIntake(program: Command, terminal: Terminal): void {
  registerRelay(program, terminal);
  registerOutbox(program, terminal);
  registerSources(program, terminal);
}

function outboxOptions(command: Command): Command {
  return command
    .option("--outbox <url|file>", "the platform's database: postgres://…, or an SQLite file; else GENHOOK_OUTBOX")
    .option("--table <name>", "name of the outbox's table, with a schema if need be (genhook_outbox)");
}

function registerRelay(program: Command, terminal: Terminal): void {
  const command = outboxOptions(
    program.command("relay").description("publish what the platform writes into its outbox, for as long as it runs"),
  )
    .addOption(new Option("--on-refused <block|skip>", "whether a refused event keeps the later ones of its order key (block)"))
    .option("--take-over <time>", "after how long without a sign of life another relay takes over (10s)")
    .option(...METRICS)
    .action((flags: RelayFlags) => import("../outbox/relay.ts").then(({ relay }) => relay(flags, terminal)));
  connectionOptions(command);
}

function registerOutbox(program: Command, terminal: Terminal): void {
  const load = (): Promise<typeof import("../outbox/outbox-commands.ts")> => import("../outbox/outbox-commands.ts");
  const outbox = program.command("outbox").description("the outbox that the platform writes its events into");
  outbox
    .command("schema")
    .description("print the statements that make its tables, for a migration")
    .option("--sqlite", "for SQLite instead of PostgreSQL")
    .option("--notify", "with a trigger that wakes the relay at each commit (PostgreSQL); commits that notify wait for each other")
    .option("--table <name>", "name of its table, with a schema if need be (genhook_outbox)")
    .action((flags: SchemaFlags) => load().then(({ printSchema }) => printSchema(flags, terminal)));
  outputOptions(outboxOptions(outbox.command("status").description("what waits, what is refused, and whether a relay is at work"))).action(
    (flags: OutboxCommandFlags) => load().then(({ outboxStatus }) => outboxStatus(flags, terminal)),
  );
  outputOptions(
    outboxOptions(outbox.command("refused").description("events that Genhook did not take, and why")).option(
      "--limit <number>",
      "at most so many (50)",
    ),
  ).action((flags: OutboxCommandFlags) => load().then(({ listRefused }) => listRefused(flags, terminal)));
  for (const [verb, description] of [
    ["retry", "have refused events published again, in their places"],
    ["discard", "remove refused events for good; what waited behind them goes on"],
  ] as const) {
    const command = outboxOptions(outbox.command(verb).description(description).argument("[id...]", "refused events"));
    command.option("--all", "all of them");
    if (verb === "discard") command.option("-y, --yes", "do not ask");
    command.option("--json", "JSON, for programs");
    command.action((ids: string[], flags: OutboxCommandFlags) =>
      load().then(({ settleRefused }) => settleRefused(verb, ids, flags, terminal)),
    );
  }
}

function registerSources(program: Command, terminal: Terminal): void {
  const source = program.command("source").description("publish what a broker has, for as long as it runs: NATS JetStream, RabbitMQ");
  const nats = source
    .command("nats")
    .description("the records of a JetStream stream, acknowledged when Genhook has them")
    .option("--server <url>", "nats://user:password@host:4222 or tls://…, several with commas between; else GENHOOK_SOURCE")
    .option("--stream <name>", "the stream")
    .option("--durable <name>", "the durable pull consumer, made where it is missing (genhook)")
    .option("--filter <subject>", "which of the stream's subjects, where the consumer is made here")
    .option("--subjects <pattern>", "how subjects name shop and topic, such as events.{shop}.{topic}; else headers or the body do")
    .option("--dead-letter <subject>", "where refused records go; without it the log names them, and the stream keeps them")
    .option("--creds <file>", "credentials file")
    .option("--tls-ca <file>", "authorities of the servers' certificates")
    .option(...METRICS)
    .action((flags: NatsFlags) => import("../sources/nats.ts").then(({ natsSource }) => natsSource(flags, terminal)));
  connectionOptions(nats);
  const rabbitmq = source
    .command("rabbitmq")
    .description("the messages of a queue, acknowledged when Genhook has them")
    .option("--server <url>", "amqp://user:password@host:5672/vhost or amqps://…; else GENHOOK_SOURCE")
    .option("--queue <name>", "the queue, which is there already")
    .option("--routing-keys <pattern>", "how routing keys name shop and topic, such as {shop}.{topic}; else headers or the body do")
    .option("--dead-letter <queue>", "where refused messages go")
    .option("--reject", "leave refused messages to the queue's own dead-letter exchange")
    .option("--prefetch <number>", "messages under way at once (1000)")
    .option("--tls-ca <file>", "authorities of the server's certificate")
    .option(...METRICS)
    .action((flags: RabbitFlags) => import("../sources/rabbitmq.ts").then(({ rabbitmqSource }) => rabbitmqSource(flags, terminal)));
  connectionOptions(rabbitmq);
}
