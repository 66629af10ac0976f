import { describe, expect, it } from "vitest";
import { ApiClient, publishBatch } from "../src/client/index.ts";

type Answer = { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> };

/** A client whose server answers each request by the events that it carries. */
function clientOf(answer: (events: readonly string[]) => Answer | Error): { readonly client: ApiClient; readonly requests: string[][] } {
  const requests: string[][] = [];
  const client = new ApiClient({
    origin: "http://server",
    credentials: { kind: "platform", key: "key" },
    retry: { attemptsMax: 1, waitMaxMs: 0 },
    fetch: async (_, init) => {
      const events = (JSON.parse(init?.body as string) as unknown[]).map((event) => JSON.stringify(event));
      requests.push(events);
      const answered = answer(events);
      if (answered instanceof Error) throw answered;
      const { status, body, headers = {} } = answered;
      return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
    },
  });
  return { client, requests };
}

const taken = { id: "e", deliveries: 1, duplicate: false };
const takenAll = (events: readonly string[]): Answer => ({ status: 202, body: { events: events.map(() => taken) } });
const EVENTS = ["1", "2", "3", "4"];

describe("a batch", () => {
  it("is told event by event: accepted, refused, or to be sent again", async () => {
    const { client } = clientOf(() => ({
      status: 202,
      body: {
        events: [
          { ...taken, duplicate: true },
          { error: "No.", code: "unknown_shop", member: "shop" },
          { error: "Not now.", code: "overloaded" },
          { error: "Broken.", code: "internal_error" },
        ],
      },
    }));
    expect(await publishBatch(client, EVENTS)).toEqual({
      kind: "answered",
      items: [
        { kind: "accepted", ...taken, duplicate: true },
        { kind: "refused", code: "unknown_shop", message: "No.", member: "shop" },
        { kind: "later", code: "overloaded", message: "Not now." },
        { kind: "later", code: "internal_error", message: "Broken." },
      ],
    });
  });

  it("that is refused as a whole is halved until the event is found that is to blame", async () => {
    const { client, requests } = clientOf((events) =>
      events.includes("3") ? { status: 400, body: { error: "No JSON.", code: "malformed_json" } } : takenAll(events),
    );
    const answer = await publishBatch(client, EVENTS);
    expect(answer.kind === "answered" && answer.items.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "refused", "accepted"]);
    expect(requests).toEqual([EVENTS, ["1", "2"], ["3", "4"], ["3"], ["4"]]);
  });

  it("that is too large for a proxy goes in smaller ones, and a proxy refuses no event", async () => {
    const page = { status: 413, body: "<html>Too large</html>" };
    const small = clientOf((events) => (events.length > 1 ? page : takenAll(events)));
    const answer = await publishBatch(small.client, EVENTS);
    expect(answer.kind === "answered" && answer.items.map(({ kind }) => kind)).toEqual(Array(4).fill("accepted"));
    const none = clientOf(() => page);
    expect(await publishBatch(none.client, ["1"])).toMatchObject({ kind: "later", code: "not_genhook" });
  });

  it.each<[string, Answer | Error, object]>([
    [
      "503",
      { status: 503, body: { error: "Wait.", code: "overloaded" }, headers: { "Retry-After": "7" } },
      { code: "overloaded", waitMs: 7_000 },
    ],
    ["a wrong key", { status: 401, body: { error: "No.", code: "token_invalid" } }, { code: "token_invalid", waitMs: null }],
    ["a proxy's page", { status: 400, body: "<html>Bad request</html>" }, { code: "not_genhook" }],
    ["no answer", new TypeError("fetch failed"), { code: "unreachable" }],
    ["an answer that says nothing of one event", { status: 202, body: { events: [taken, {}, taken, taken] } }, { code: "not_genhook" }],
    ["an answer without an item for one event", { status: 202, body: { events: [taken, null, taken, taken] } }, { code: "not_genhook" }],
    ["an answer to another number of events", { status: 202, body: { events: [taken] } }, { code: "not_genhook" }],
  ])("%s: all of it is to be sent again", async (_, answer, expected) => {
    const { client } = clientOf(() => answer);
    expect(await publishBatch(client, EVENTS)).toMatchObject({ kind: "later", ...expected });
  });

  it("of nothing asks nobody", async () => {
    const { client, requests } = clientOf(takenAll);
    expect([await publishBatch(client, []), requests]).toEqual([{ kind: "answered", items: [] }, []]);
  });
});
