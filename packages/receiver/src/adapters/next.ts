import type { ApiVersion } from "../generated/topics.ts";
import type { ReceiverOptions } from "../respond.ts";
import { fetchReceiver } from "./fetch.ts";

/**
 * A route handler for Next.js' app router: `export const POST = nextReceiver({…})` in `app/webhooks/route.ts`. Works in the Node and in the edge
 * runtime; secrets are looked at when a request comes, not while the app is built. Never throws.
 */
export function nextReceiver<const Version extends ApiVersion = ApiVersion, Transaction = undefined>(
  options: ReceiverOptions<Version, Transaction>,
): (request: Request) => Promise<Response> {
  return fetchReceiver(options);
}
