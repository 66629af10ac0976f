import type { ApiVersion } from "../generated/topics.ts";
import type { ReceiverOptions } from "../respond.ts";
import { nodeReceiver, type NodeRequest, type NodeResponse } from "./node.ts";

/**
 * A handler for Express 4 and 5: `app.post("/webhooks", expressReceiver({…}))`, before `express.json()`. It reads the body itself, and takes
 * what `express.raw()` or a `verify` function that sets `request.rawBody` has kept. Never calls `next`.
 */
export function expressReceiver<const Version extends ApiVersion = ApiVersion, Transaction = undefined>(
  options: ReceiverOptions<Version, Transaction>,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return nodeReceiver(options);
}
