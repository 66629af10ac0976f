import { fromBase64 } from "../bytes.ts";
import type { ApiVersion } from "../generated/topics.ts";
import { respond, type ReceiverOptions } from "../respond.ts";
import { ReceiverError } from "../error.ts";
import { tooLarge } from "./fetch.ts";
import type { RawBody } from "../verify/raw-body.ts";

/** What the kit needs of an event of API Gateway (REST and HTTP APIs), a function URL or a load balancer. */
export interface LambdaEvent {
  readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
}

export interface LambdaAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A handler for AWS Lambda: `export const handler = lambdaReceiver({…})`. The gateway has read the body; its base64 form is decoded. Never throws. */
export function lambdaReceiver<const Version extends ApiVersion = ApiVersion, Transaction = undefined>(
  options: ReceiverOptions<Version, Transaction>,
): (event: LambdaEvent) => Promise<LambdaAnswer> {
  return async (event) => {
    const { status, headers, body } = await respond(options, event.headers ?? {}, (bytesMax) => readBody(event, bytesMax));
    return { statusCode: status, headers: { ...headers }, body };
  };
}

function readBody({ body, isBase64Encoded }: LambdaEvent, bytesMax: number): RawBody {
  const text = body ?? "";
  if (text.length > bytesMax * 2) throw tooLarge(bytesMax);
  const raw = isBase64Encoded === true ? fromBase64(text) : text;
  if (raw === null) throw new ReceiverError("body_malformed", "isBase64Encoded is set and the body is not base64.");
  if (raw.length > bytesMax) throw tooLarge(bytesMax);
  return raw;
}
