import { directHeaders, DirectSender, type GivenSecrets, type WebhookIdForm } from "@genhook/server/direct";
import type { Outcome } from "@genhook/core";
import type { Draft } from "./delivery-maker.ts";
import type { Answered } from "./judge.ts";

/** What is done to a delivery behind the signing. */
export interface Tampering {
  /** Signed with these instead of the app's own. */
  readonly secrets?: GivenSecrets;
  /** Null takes a header away; a function is given what it was. */
  readonly headers?: Readonly<Record<string, HeaderChange>>;
  readonly body?: Uint8Array;
  /** Sent to this address instead. */
  readonly address?: string;
}

type HeaderChange = string | null | ((value: string) => string);

/** The endpoint that is tried, and everything that it answered. */
export class EndpointUnderTest {
  readonly address: string;
  readonly secrets: GivenSecrets;
  readonly answers: Answered[] = [];
  readonly #sender: DirectSender;
  readonly #webhookId: WebhookIdForm;

  constructor(address: string, secrets: GivenSecrets, options: { readonly timeoutMs: number; readonly webhookId: WebhookIdForm }) {
    this.address = address;
    this.secrets = secrets;
    this.#sender = new DirectSender(options);
    this.#webhookId = options.webhookId;
  }

  async send(draft: Draft, tampering: Tampering = {}): Promise<Answered> {
    const signed = directHeaders(draft, tampering.secrets ?? this.secrets, this.#webhookId);
    const headers = changed(signed, tampering.headers ?? {});
    const outcome = await this.#sender.post(tampering.address ?? this.address, headers, tampering.body ?? draft.event.payload);
    const answer = answeredOf(outcome);
    this.answers.push(answer);
    return answer;
  }

  abort(): void {
    this.#sender.abortAll();
  }

  close(): Promise<void> {
    return this.#sender.close();
  }
}

function changed(flat: readonly string[], changes: Readonly<Record<string, HeaderChange>>): string[] {
  const lower = new Map(Object.entries(changes).map(([name, value]) => [name.toLowerCase(), value]));
  const headers: string[] = [];
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] ?? "";
    const change = lower.get(name.toLowerCase());
    const value = flat[index + 1] ?? "";
    if (change !== null) headers.push(name, typeof change === "function" ? change(value) : (change ?? value));
  }
  return headers;
}

function answeredOf(outcome: Outcome): Answered {
  if (outcome.kind === "aborted") {
    return { status: null, error: "connection_lost", detail: "stopped", body: "", durationMs: 0, responseHeaders: {} };
  }
  if (outcome.kind === "failure") {
    const { error, detail, durationMs } = outcome;
    return { status: null, error, detail, body: "", durationMs, responseHeaders: {} };
  }
  return {
    status: outcome.status,
    error: null,
    detail: null,
    body: Buffer.from(outcome.responseBody).toString("utf8"),
    durationMs: outcome.durationMs,
    responseHeaders: Object.fromEntries(
      outcome.responseHeaders.split("\n").map((line) => [line.replace(/:.*$/s, ""), line.replace(/^[^:]*: ?/, "")]),
    ),
  };
}
