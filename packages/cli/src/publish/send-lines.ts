import { ApiError, NDJSON_MEDIA_TYPE, readBatchAnswer, type ApiClient, type ItemAnswer } from "@genhook/contract/client";

/**
 * Publishes events, a line of JSON each, in one request; answers what became of each. They have idempotency keys, so it is made again where that
 * may help. Throws an `ApiError`.
 */
export async function sendLines(client: ApiClient, lines: readonly string[]): Promise<readonly ItemAnswer[]> {
  const { answer } = await client.send({
    method: "POST",
    path: "/platform/v1/events",
    body: { mediaType: NDJSON_MEDIA_TYPE, content: `${lines.join("\n")}\n` },
    isIdempotent: true,
  });
  const items = readBatchAnswer(answer, lines.length);
  if (items === null) throw new ApiError("not_genhook", `${client.origin} gave another answer than one to these events.`, { status: 202 });
  return items;
}
