import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Terminal } from "../src/output/terminal.ts";
import { run } from "../src/program.ts";

export const NOW: number = Date.parse("2026-01-15T12:00:00Z");

export interface TerminalOptions {
  readonly isTty?: boolean;
  readonly width?: number;
  readonly hasColour?: boolean;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** What the person types, one entry a question. */
  readonly typed?: readonly string[];
  readonly interrupts?: AbortSignal;
  /** Told of each text as it is written: for commands that run until they are told to stop. */
  readonly onWrite?: (stream: "out" | "error", text: string) => void;
}

export interface Output {
  readonly exit: number;
  readonly out: string;
  readonly error: string;
}

/** A terminal that keeps what is written. */
export function keepingTerminal(options: TerminalOptions = {}): {
  readonly terminal: Terminal;
  readonly written: { readonly out: string; readonly error: string };
} {
  const written = { out: "", error: "" };
  const typed = [...(options.typed ?? [])];
  const isTty = options.isTty ?? false;
  const terminal: Terminal = {
    out: (text) => {
      written.out += text;
      options.onWrite?.("out", text);
    },
    error: (text) => {
      written.error += text;
      options.onWrite?.("error", text);
    },
    isTty,
    isErrorTty: isTty,
    isInputTty: options.typed !== undefined,
    width: options.width ?? (isTty ? 100 : Number.POSITIVE_INFINITY),
    hasColour: options.hasColour ?? false,
    environment: options.environment ?? {},
    now: () => NOW,
    readInput: () => Promise.resolve(Buffer.from(options.input ?? "")),
    ask: (question, isSecret) => {
      const answer = typed.shift() ?? "";
      written.error += `${question}${isSecret ? "" : answer}\n`;
      return Promise.resolve(answer);
    },
    interrupts: () => options.interrupts ?? new AbortController().signal,
  };
  return { terminal, written };
}

/** Runs a command line in this process. */
export async function runCommand(args: readonly string[], options: TerminalOptions = {}): Promise<Output> {
  const { terminal, written } = keepingTerminal(options);
  const exit = await run(["node", "genhook", ...args], terminal);
  return { exit, ...written };
}

export interface Call {
  readonly call: string;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

type Scripted = { readonly status?: number; readonly body: unknown; readonly headers?: Record<string, string> };

/** A real HTTP server that answers each call (`GET /path?query`) as it is told, and keeps what it was asked. */
export class ScriptedApi {
  readonly calls: Call[] = [];
  readonly #server: Server;
  readonly #answers = new Map<string, Scripted | ((call: Call) => Scripted)>();
  origin = "";

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const call = { call: `${request.method} ${request.url}`, body: Buffer.concat(chunks).toString(), headers: request.headers };
        this.calls.push(call);
        const found = this.#answers.get(call.call) ?? this.#answers.get(call.call.replace(/\?.*/, ""));
        const answer = typeof found === "function" ? found(call) : found;
        const {
          status = 200,
          body,
          headers = {},
        } = answer ?? { status: 404, body: { error: `nothing at ${call.call}`, code: "not_found" } };
        response
          .writeHead(status, { "Content-Type": "application/json", ...headers })
          .end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
  }

  on(call: string, answer: Scripted | ((call: Call) => Scripted)): this {
    this.#answers.set(call, answer);
    return this;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
