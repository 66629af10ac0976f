import { isEmpty, type AuditRecord, type DecideChange, type DeclarationStep, type Directory } from "@genhook/core";
import type { Call } from "./call.ts";

type Audited = Pick<Call, "actor" | "requestId" | "route">;

/**
 * A change that leaves a trace in its own transaction: who, what, before and after (as the API shows them, so without secrets), when, and
 * the request that asked for it. A change that changes nothing leaves none. The subject begins with its kind and its natural key; where it
 * is known only after the change, it is a function of what came out.
 */
export function audited<Value>(
  call: Audited,
  subject: string | ((value: Value) => string),
  decide: DecideChange<Value>,
  before: (directory: Directory) => unknown,
  after: (value: Value) => unknown,
): DecideChange<Value> {
  return (directory, now) => {
    const decided = decide(directory, now);
    if (!decided.ok || isEmpty(decided.value)) return decided;
    const { value } = decided.value;
    const name = typeof subject === "string" ? subject : subject(value);
    const record = auditRecord(call, name, before(directory), after(value), now);
    return { ok: true, value: { ...decided.value, audit: [...(decided.value.audit ?? []), record] } };
  };
}

/** A step that Genhook takes by itself after an app's declaration was changed. */
export function auditedStep(decide: DecideChange<DeclarationStep | null>): DecideChange<DeclarationStep | null> {
  return (directory, now) => {
    const decided = decide(directory, now);
    if (!decided.ok || decided.value.value === null) return decided;
    const { clientId, ...after } = decided.value.value;
    const record = { at: now, actor: "genhook", action: "followDeclaration", subject: `app ${clientId}`, before: null, requestId: null };
    return { ok: true, value: { ...decided.value, audit: [{ ...record, after: JSON.stringify(after) }] } };
  };
}

/** What is written down of a call that changed something. */
export function auditRecord(call: Audited, subject: string, before: unknown, after: unknown, now: number): AuditRecord {
  return {
    at: now,
    actor: call.actor,
    action: call.route.operation,
    subject,
    before: asText(before),
    after: asText(after),
    requestId: call.requestId,
  };
}

function asText(view: unknown): string | null {
  return view === null || view === undefined ? null : JSON.stringify(view);
}
