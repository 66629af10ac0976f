import { ApiError, NDJSON_MEDIA_TYPE, readBatchAnswer, waitBeforeRetry, type ApiClient, type ItemAnswer } from "@genhook/contract/client";
import { pause } from "../pause.ts";

/** How often those of a request are sent that the server could not take just then, while it took others. */
const PATIENCE = { attemptsMax: 5, waitMaxMs: 5_000 };

/**
 * Publishes events, a line of JSON each, in one request; answers what became of each. They have idempotency keys, so the request is made again where that
 * may help, and so is one with what the server was too busy for alone. Throws an `ApiError`.
 *
 * Not `publishBatch`: a line that is no JSON is that line's error here, and would break an array.
 */
export async function sendLines(client: ApiClient, lines: readonly string[], signal?: AbortSignal): Promise<readonly ItemAnswer[]> {
  const items = [...(await sendOnce(client, lines))];
  for (let attempt = 1; ; attempt += 1) {
    const busy = [...items.entries()].flatMap(([index, { kind }]) => (kind === "later" ? [index] : []));
    const waitMs = busy.length === 0 ? null : waitBeforeRetry(attempt, null, PATIENCE, Math.random());
    if (waitMs === null) return items;
    await pause(waitMs, signal);
    if (signal?.aborted === true) return items;
    const again = await sendOnce(
      client,
      busy.map((index) => lines[index] ?? ""),
    );
    for (const [place, index] of busy.entries()) items[index] = again[place] ?? (items[index] as ItemAnswer);
  }
}

async function sendOnce(client: ApiClient, lines: readonly string[]): Promise<readonly ItemAnswer[]> {
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
