import { isEmpty, type DecideChange, type Directory } from "@genhook/core";
import type { Call } from "./call.ts";

/**
 * A change that leaves a trace in its own transaction: who, what, before and after (as the API shows them, so without secrets), when, and
 * the request that asked for it. A change that changes nothing leaves none.
 */
export function audited<Value>(
  call: Pick<Call, "actor" | "requestId" | "route">,
  subject: string,
  decide: DecideChange<Value>,
  before: (directory: Directory) => unknown,
  after: (value: Value) => unknown,
): DecideChange<Value> {
  return (directory, now) => {
    const decided = decide(directory, now);
    if (!decided.ok || isEmpty(decided.value)) return decided;
    const record = {
      at: now,
      actor: call.actor,
      action: call.route.operation,
      subject,
      before: asText(before(directory)),
      after: asText(after(decided.value.value)),
      requestId: call.requestId,
    };
    return { ok: true, value: { ...decided.value, audit: [...(decided.value.audit ?? []), record] } };
  };
}

function asText(view: unknown): string | null {
  return view === null || view === undefined ? null : JSON.stringify(view);
}
