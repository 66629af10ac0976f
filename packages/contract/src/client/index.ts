export { ApiError, type ClientErrorCode } from "./api-error.ts";
export {
  ApiClient,
  type Answer,
  type CallOptions,
  type ClientOptions,
  type Credentials,
  type Entry,
  type Input,
  type OperationName,
  type PagedName,
  type PlainAnswer,
  type PlainCall,
} from "./client.ts";
export type { OperationRow } from "./operation-row.ts";
export * from "./operations.ts";
export { readNextToken } from "./links.ts";
export type { RetryOptions } from "./retry.ts";
export { explainAttempt, explainReason, type AttemptExplanation, type AttemptFacts } from "../explain-attempt.ts";
export * from "../portal/portal.ts";
