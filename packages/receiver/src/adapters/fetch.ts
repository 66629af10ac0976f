import { concat, type Bytes } from "../bytes.ts";
import { ReceiverError } from "../error.ts";
import type { ApiVersion } from "../generated/topics.ts";
import { answerOf, respond, type Answer, type ReceiverOptions } from "../respond.ts";
import { bodyAlreadyParsed } from "../verify/raw-body.ts";

/** A handler for anything that speaks `fetch`: Workers, Deno, Bun, Next.js, Remix, SvelteKit, Astro. Reads the body itself. Never throws. */
export function fetchReceiver<const Version extends ApiVersion = ApiVersion, Transaction = undefined>(
  options: ReceiverOptions<Version, Transaction>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "POST")
      return toResponse({ ...answerOf(405, "method_not_allowed", "Webhooks are sent with POST."), headers: { Allow: "POST" } });
    return toResponse(await respond(options, request.headers, (bytesMax) => readRequest(request, bytesMax)));
  };
}

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body === "" ? null : body, { status, headers });
}

/** Reads at most `bytesMax`; what is more is not taken into memory. Throws `ReceiverError`. */
export async function readRequest(request: Request, bytesMax: number): Promise<Bytes> {
  if (request.bodyUsed) throw bodyAlreadyParsed("The request's body was read before.");
  if (Number(request.headers.get("Content-Length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    length += part.value.length;
    if (length > bytesMax) {
      await reader?.cancel();
      throw tooLarge(bytesMax);
    }
    chunks.push(part.value);
  }
  return concat(chunks);
}

export function tooLarge(bytesMax: number): ReceiverError {
  return new ReceiverError("body_too_large", `The body is larger than ${bytesMax} bytes (bodyBytesMax).`);
}
