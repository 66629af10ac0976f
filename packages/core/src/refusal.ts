/**
 * A request that cannot be carried out, as a value. `code` is a word of the contract's error table; `member` names what is wrong in the
 * wire's spelling. The edge turns it into an answer; core never throws for what a caller did.
 */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly member?: string;
  /** Of `invalid_filter`: the character of the member's text that it is about, from 1. */
  readonly column?: number;
  /** Of `numbers_gone`: the oldest number that is kept. */
  readonly oldest?: number;
}

export type RefusalCode =
  | "unknown_shop"
  | "unknown_app"
  | "not_found"
  | "not_installed"
  | "already_exists"
  | "unknown_topic"
  | "topic_made_by_genhook"
  | "topic_scope_missing"
  | "topic_not_subscribable"
  | "client_id_required"
  | "invalid_member"
  | "missing_member"
  | "invalid_filter"
  | "payload_mismatch"
  | "webhook_exists"
  | "webhook_not_active"
  | "webhook_not_numbered"
  | "numbers_gone"
  | "secret_step_refused"
  | "too_many_webhooks"
  | "too_many_holds"
  | "too_many_matches"
  | "idempotency_key_reused"
  | "delivery_pending"
  | "not_blocking"
  | "replay_refused"
  | "replay_ended"
  | "history_gone"
  | "overloaded";

export type Result<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: Refusal };

export function ok<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

export function refuse(code: RefusalCode, message: string, member?: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: member === undefined ? { code, message } : { code, message, member } };
}
