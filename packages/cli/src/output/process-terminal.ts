import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CliError } from "../cli-error.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { wantsColour, type Terminal } from "./terminal.ts";

const WIDTH_MIN = 40;

/** This process's own streams. */
export function processTerminal(): Terminal {
  const { stdout, stderr, stdin, env } = process;
  // `genhook … | head` closes the pipe early: that is no error of ours.
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  return {
    out: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
    isTty: stdout.isTTY,
    isErrorTty: stderr.isTTY,
    isInputTty: stdin.isTTY && stderr.isTTY,
    get width() {
      return stdout.isTTY ? Math.max(WIDTH_MIN, stdout.columns) : Number.POSITIVE_INFINITY;
    },
    hasColour: wantsColour(env, stdout.isTTY),
    environment: env,
    now: Date.now,
    readInput,
    ask,
    interrupts,
  };
}

function interrupts(): AbortSignal {
  const aborter = new AbortController();
  const onSignal = (): void => {
    if (aborter.signal.aborted) process.exit(EXIT_CODES.interrupted.code);
    aborter.abort(new CliError("interrupted", "interrupted", "Stopped."));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return aborter.signal;
}

async function readInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Asks on standard error, so that standard output stays the result's. */
async function ask(question: string, isSecret: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: isSecret ? silent : process.stderr, terminal: true });
  if (isSecret) process.stderr.write(question);
  const interrupted = new Promise<never>((_, reject) => {
    lines.on("SIGINT", () => reject(new CliError("interrupted", "interrupted", "Stopped.")));
  });
  try {
    return await Promise.race([lines.question(isSecret ? "" : question), interrupted]);
  } finally {
    lines.close();
    if (isSecret) process.stderr.write("\n");
  }
}
