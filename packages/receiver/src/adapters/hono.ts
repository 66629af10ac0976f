import type { Bytes } from "../bytes.ts";
import type { ApiVersion } from "../generated/topics.ts";
import { respond, type ReceiverOptions } from "../respond.ts";
import { bodyAlreadyParsed, toBytes } from "../verify/raw-body.ts";
import { readRequest, tooLarge, toResponse } from "./fetch.ts";

/** What the kit needs of a Hono context. */
export interface HonoContext {
  readonly req: {
    readonly raw: Request;
    /** What Hono keeps of a body that was read through it. */
    readonly bodyCache: { readonly text?: unknown; readonly arrayBuffer?: unknown };
  };
}

/**
 * A handler for Hono on any runtime: `app.post("/webhooks", honoReceiver({…}))`. Where secrets come with the request (Workers), give a function:
 * `honoReceiver((context) => ({ signingSecret: context.env.SIGNING_SECRET, … }))`. A body that middleware has read through `c.req.text()`,
 * `c.req.json()` or `c.req.arrayBuffer()` is still at hand; one read from `c.req.raw` is not.
 */
export function honoReceiver<
  const Version extends ApiVersion = ApiVersion,
  Transaction = undefined,
  Context extends HonoContext = HonoContext,
>(
  options: ReceiverOptions<Version, Transaction> | ((context: Context) => ReceiverOptions<Version, Transaction>),
): (context: Context) => Promise<Response> {
  return async (context) => {
    const resolved = typeof options === "function" ? options(context) : options;
    return toResponse(await respond(resolved, context.req.raw.headers, (bytesMax) => readBody(context, bytesMax)));
  };
}

async function readBody({ req }: HonoContext, bytesMax: number): Promise<Bytes> {
  if (!req.raw.bodyUsed) return readRequest(req.raw, bytesMax);
  const kept = await (req.bodyCache.arrayBuffer ?? req.bodyCache.text);
  if (kept === undefined) throw bodyAlreadyParsed("Something read the body from c.req.raw.");
  const bytes = toBytes(kept);
  if (bytes.length > bytesMax) throw tooLarge(bytesMax);
  return bytes;
}
