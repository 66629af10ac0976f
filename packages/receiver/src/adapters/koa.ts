import type { ApiVersion } from "../generated/topics.ts";
import type { ReceiverOptions } from "../respond.ts";
import { respondToNode, type NodeRequest } from "./node.ts";

/** What the kit needs of a Koa context. */
export interface KoaContext {
  readonly req: NodeRequest;
  /** Parsers leave `body` here, and some its text as `rawBody`. */
  readonly request: object;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): unknown;
}

/**
 * Middleware for Koa 2 and 3, mounted on a route and before the body parser. It reads the body itself, and takes the text that
 * `koa-bodyparser` keeps in `request.rawBody`. Never calls `next`.
 */
export function koaReceiver<const Version extends ApiVersion = ApiVersion, Transaction = undefined>(
  options: ReceiverOptions<Version, Transaction>,
): (context: KoaContext) => Promise<void> {
  return async (context) => {
    const { body, rawBody } = context.request as { readonly body?: unknown; readonly rawBody?: unknown };
    const answer = await respondToNode(context.req, options, rawBody ?? body);
    context.status = answer.status;
    context.set({ ...answer.headers });
    context.body = answer.body;
  };
}
