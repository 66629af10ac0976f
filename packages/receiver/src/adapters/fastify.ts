import type { ApiVersion } from "../generated/topics.ts";
import { respond, type ReceiverOptions } from "../respond.ts";
import { BODY_BYTES_MAX } from "../limits.ts";
import { toBytes } from "../verify/raw-body.ts";

/** What the kit needs of a Fastify instance. */
export interface FastifyScope {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(
    contentType: string,
    options: { parseAs: "buffer" },
    parser: (request: unknown, body: Uint8Array, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown;
  route(options: {
    method: "POST";
    url: string;
    bodyLimit: number;
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  }): unknown;
}

interface FastifyRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

interface FastifyReply {
  code(status: number): FastifyReply;
  headers(headers: Record<string, string>): FastifyReply;
  send(body: string): unknown;
}

export type FastifyReceiverOptions<Version extends ApiVersion = ApiVersion, Transaction = undefined> = ReceiverOptions<
  Version,
  Transaction
> & {
  /** Where it listens, under the prefix of `register`. */
  readonly url: string;
};

/**
 * A plugin for Fastify 4 and 5 that adds one `POST` route: `app.register(fastifyReceiver({ url: "/webhooks", … }))`. The route keeps its raw body;
 * parsers of the rest of the app stay as they are. A body over the limit is refused by Fastify itself.
 */
export function fastifyReceiver<const Version extends ApiVersion = ApiVersion, Transaction = undefined>(
  options: FastifyReceiverOptions<Version, Transaction>,
): (scope: FastifyScope) => Promise<void> {
  return async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.route({
      method: "POST",
      url: options.url,
      bodyLimit: options.bodyBytesMax ?? BODY_BYTES_MAX,
      handler: async (request, reply) => {
        const answer = await respond(options, request.headers, () => (request.body === undefined ? "" : toBytes(request.body)));
        return reply
          .code(answer.status)
          .headers({ ...answer.headers })
          .send(answer.body);
      },
    });
  };
}
