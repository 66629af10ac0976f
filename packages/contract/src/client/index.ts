export { ApiError, type ClientErrorCode } from "./api-error.ts";
export {
  ApiClient,
  isLoss,
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
export { waitBeforeRetry, type RetryOptions } from "./retry.ts";
export {
  ENVELOPE_BYTES_MAX,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  PAYLOAD_BYTES_MAX,
  PUBLISH_ITEMS_MAX,
  PUBLISH_LINES_MAX,
  PUBLISH_REQUEST_BYTES_MAX,
} from "../limits.ts";
export { NDJSON_MEDIA_TYPE } from "../headers.ts";
export type { ErrorCode } from "../errors.ts";
export { readBatchAnswer, type ItemAnswer } from "./batch-answer.ts";
export { publishBatch, type BatchAnswer } from "./publish-batch.ts";
export { explainAttempt, explainReason, type AttemptExplanation, type AttemptFacts } from "../explain-attempt.ts";
export * from "../portal/portal.ts";
