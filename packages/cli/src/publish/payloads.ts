import { readFileSync } from "node:fs";
import { TOPIC_BY_NAME, type Topic } from "@genhook/contract";
import type { ApiClient } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { didYouMean } from "../did-you-mean.ts";
import { parseExact } from "../exact-json.ts";
import type { Terminal } from "../output/terminal.ts";
import { setMembers, type Warn } from "./set-members.ts";
import { varySample, type Payload, type SamplePlace } from "./vary-sample.ts";

export interface PayloadFlags {
  readonly payload?: string;
  readonly lines?: boolean;
  readonly set?: readonly string[];
}

/** The payloads of a run, each as the JSON text that is sent. */
export interface Payloads {
  /** How many there are by themselves: one a line of a file; null where any number can be made. */
  readonly count: number | null;
  at(number: number, place: SamplePlace): string;
}

/** From a file, byte for byte, or from the topic's sample, varied by the seed; then changed by `--set`. */
export async function makePayloads(
  sample: () => Promise<Payload>,
  seed: number,
  flags: PayloadFlags,
  terminal: Terminal,
  warn: Warn,
): Promise<Payloads> {
  const assignments = flags.set ?? [];
  const warnOnce = once(warn);
  if (flags.payload === undefined) {
    const from = await sample();
    return {
      count: null,
      at: (number, place) => {
        const payload: unknown = structuredClone(varySample(from, seed, number, place));
        setMembers(payload, assignments, warnOnce);
        return JSON.stringify(payload);
      },
    };
  }
  const text = await readText(flags.payload, terminal);
  const texts = flags.lines === true ? text.split("\n").filter((line) => line.trim() !== "") : [text.trim()];
  if (texts.length === 0) throw usage(`${flags.payload} is empty.`);
  const ready = texts.map((each, index) => {
    const payload = parsePayload(each, texts.length === 1 ? (flags.payload ?? "") : `${flags.payload ?? ""} line ${index + 1}`);
    if (assignments.length === 0) return each;
    setMembers(payload, assignments, warnOnce);
    return JSON.stringify(payload);
  });
  return { count: flags.lines === true ? ready.length : null, at: (number) => ready[(number - 1) % ready.length] ?? "" };
}

/** The topic's sample, from the contract's table, or from the server where the operator added the topic. */
export async function findSample(topic: string, client: ApiClient): Promise<Payload> {
  const known: Topic | undefined = TOPIC_BY_NAME.get(topic);
  if (known !== undefined) return known.sample;
  const { topics } = await client.call("listTopics");
  const found = topics.find((each) => each.name === topic);
  if (found !== undefined) return found.sample;
  const names = topics.map((each) => each.name);
  throw new CliError("usage", "unknown_topic", `There is no topic "${topic}".`, [
    didYouMean(topic, names) ?? "genhook topics list shows all of them.",
  ]);
}

async function readText(file: string, terminal: Terminal): Promise<string> {
  try {
    const bytes = file === "-" ? await terminal.readInput() : readFileSync(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw usage(`--payload ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parsePayload(text: string, where: string): unknown {
  try {
    return parseExact(text);
  } catch (error) {
    throw usage(`${where} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function once(warn: Warn): Warn {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    warn(text);
  };
}
