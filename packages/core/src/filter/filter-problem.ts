import { ok, type Result } from "../refusal.ts";

/** Why a filter or a path cannot be read, and where. */
export interface FilterProblem {
  /** For people: what was expected, and what stands there. */
  readonly message: string;
  /** The character it is about, from 1; one more than there are where the text ends too early. */
  readonly column: number;
}

export type Parsed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: FilterProblem };

/** Carries a problem out of the reader; never leaves `attempt`. */
export class ProblemFound extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** The value that `read` makes of the source, or the first problem that it finds. */
export function attempt<Value>(source: string, read: () => Value): Parsed<Value> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (!(error instanceof ProblemFound)) throw error;
    // A character outside the basic plane is one column for who reads it.
    return { ok: false, problem: { message: error.message, column: Array.from(source.slice(0, error.at)).length + 1 } };
  }
}

/** The same as a result of the wire: the member and the column are named in the message. */
export function orRefuse<Value>(parsed: Parsed<Value>, member: string): Result<Value> {
  if (parsed.ok) return ok(parsed.value);
  const { message, column } = parsed.problem;
  return { ok: false, refusal: { code: "invalid_filter", message: `${member}, column ${column}: ${message}.`, member, column } };
}
