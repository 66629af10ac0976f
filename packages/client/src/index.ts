export { GenhookClient, type GenhookClientOptions } from "./client.ts";
export type { EventToPublish, Published } from "./event.ts";
export { PublishError, type PublishErrorCode } from "./publish-error.ts";
export { Publisher } from "./publisher/publisher.ts";
export type { PublisherOptions } from "./publisher/options.ts";
export type { PublisherProgress } from "./publisher/progress.ts";
export type { Added } from "./publisher/entry.ts";
export {
  ApiError,
  type Answer,
  type CallOptions,
  type ClientErrorCode,
  type Entry,
  type ErrorCode,
  type Input,
  type OperationName,
  type Operations,
  type PagedName,
  type RetryOptions,
} from "@genhook/contract/client";
