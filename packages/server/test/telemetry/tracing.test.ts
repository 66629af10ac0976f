import { readTraceparent } from "@genhook/contract";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { openTracing } from "../../src/telemetry/open-tracing.ts";
import { NO_TRACING } from "../../src/telemetry/tracing.ts";
import { Harness, ORDER, SHOP } from "../harness.ts";
import { OtlpCollector } from "./otlp-collector.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PUBLISHER = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE}-${PUBLISHER}-01`;

let h: Harness;
let collector: OtlpCollector;

beforeEach(() => {
  h = new Harness();
  collector = new OtlpCollector();
});
afterEach(async () => {
  await h.stop();
  await collector.stop();
});

describe("traces", () => {
  it("show an event's way from its publisher over every attempt, also those of a later process", async () => {
    const flags = { traces: await collector.start(), "retry-waits": "50ms,50ms" };
    await h.start(flags);
    const installed = await h.install();
    let isUp = false;
    const endpoint = await h.endpoint({ answer: () => (isUp ? 200 : 503) });
    const address = `${endpoint.url}/hooks`;
    const webhookId = await h.subscribe(installed, "orders/create", `${address}?secret=of-the-app`);
    const published = await h.call(
      "POST",
      "/platform/v1/events",
      { shop: SHOP, topic: "orders/create", payload: ORDER },
      { headers: { traceparent: TRACEPARENT } },
    );
    const { id } = published.body.event as { id: string };
    await h.until(`/platform/v1/events/${id}`, ({ body }) => body.event.deliveries[0].attemptCount > 0);
    isUp = true;
    await h.restart({ ...flags, "send-traceparent": true });
    const { body } = await h.until(`/platform/v1/events/${id}`, (answer) => answer.body.event.deliveries[0].state === "delivered");
    await h.genhook?.stop();
    const [delivery] = body.event.deliveries as { id: string; attemptCount: number }[];

    const publish = collector.spans.filter(({ name }) => name === "publish orders/create");
    expect(publish).toEqual([
      expect.objectContaining({
        traceId: TRACE,
        parentSpanId: PUBLISHER,
        service: "genhook",
        statusCode: 0,
        attributes: {
          "genhook.topic": "orders/create",
          "genhook.shop": SHOP,
          "genhook.event_id": id,
          "genhook.deliveries": 1,
          "genhook.duplicate": false,
        },
      }),
    ]);
    const attempts = collector.spans.filter(({ name }) => name === "attempt orders/create");
    expect(attempts.map(({ traceId, parentSpanId }) => [traceId, parentSpanId])).toEqual(attempts.map(() => [TRACE, publish[0]?.spanId]));
    expect(attempts).toHaveLength(delivery?.attemptCount ?? 0);
    expect(attempts.map(({ attributes }) => attributes["http.response.status_code"])).toEqual([...attempts.slice(1).map(() => 503), 200]);
    expect(attempts[0]).toMatchObject({
      statusCode: 2,
      attributes: {
        "genhook.topic": "orders/create",
        "genhook.event_id": id,
        "genhook.delivery_id": delivery?.id,
        "genhook.shop": SHOP,
        "genhook.client_id": installed.clientId,
        "genhook.webhook_id": webhookId,
        "genhook.attempt": 1,
        "error.type": "503",
        "http.request.method": "POST",
        "url.full": address,
        "server.address": "127.0.0.1",
        "server.port": endpoint.port,
      },
    });
    // Endpoints are told nothing of it unless that is asked for: the later process was asked, and names the attempt's own span.
    const heard = endpoint.received.map(({ headers }) => headers["traceparent"]);
    expect([heard[0], heard.at(-1)]).toEqual([undefined, `00-${TRACE}-${attempts.at(-1)?.spanId}-01`]);
  });
});

describe("traceparent", () => {
  it("is kept with the event, and sent on only where that is asked for", async () => {
    await h.start({ "send-traceparent": true });
    const endpoint = await h.endpoint();
    await h.subscribe(await h.install(), "orders/create", endpoint.url);
    const own = `00-${"1".repeat(32)}-${"2".repeat(16)}-00`;
    const event = { shop: SHOP, topic: "orders/create", payload: ORDER };
    const answer = await h.call("POST", "/platform/v1/events", [event, { ...event, traceparent: own }], {
      headers: { traceparent: TRACEPARENT },
    });
    const ids = (answer.body.events as { id: string }[]).map(({ id }) => id);
    await endpoint.waitFor(2);
    const heard = new Map(endpoint.received.map(({ headers }) => [headers["x-genstore-event-id"], headers["traceparent"]]));
    expect(ids.map((id) => heard.get(id))).toEqual([TRACEPARENT, own]);
    expect((await h.call("GET", `/platform/v1/events/${ids[0]}`)).body.event.traceparent).toBe(TRACEPARENT);
    await h.publish("orders/create", ORDER);
    await endpoint.waitFor(3);
    expect(endpoint.received[2]?.headers).not.toHaveProperty("traceparent");
  });

  it("that is none counts as none in a header, and is refused in an event; a collector that is away costs nothing", async () => {
    const collectorUrl = await collector.start();
    await collector.stop();
    await h.start({ traces: collectorUrl });
    await h.install();
    const event = { shop: SHOP, topic: "orders/create", payload: ORDER };
    expect((await h.call("POST", "/platform/v1/events", event, { headers: { traceparent: "nonsense" } })).status).toBe(202);
    const refused = await h.call("POST", "/platform/v1/events", { ...event, traceparent: "nonsense" });
    expect([refused.status, refused.body.member, refused.body.error]).toEqual([
      422,
      "traceparent",
      expect.stringContaining("W3C Trace Context such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") as string,
    ]);
  });
});

test.each([
  [TRACEPARENT, TRACEPARENT],
  [undefined, null],
  ["", null],
  [TRACEPARENT.toUpperCase(), null],
  [`00-${"0".repeat(32)}-${PUBLISHER}-01`, null],
  [`00-${TRACE}-${"0".repeat(16)}-01`, null],
  [`${TRACEPARENT}-more`, null],
  [`cc-${TRACE}-${PUBLISHER}-01-what-comes-later`, TRACEPARENT],
  [`cc-${TRACE}-${PUBLISHER}-01`, TRACEPARENT],
  [`ff-${TRACE}-${PUBLISHER}-01`, null],
])("the header traceparent %s is read as %s", (header, expected) => {
  expect(readTraceparent(header)).toBe(expected);
});

test.each([
  [null, {}],
  [null, { OTEL_SERVICE_NAME: "hooks" }],
  ["http://127.0.0.1:4318", { OTEL_SDK_DISABLED: "true" }],
  [null, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", OTEL_TRACES_EXPORTER: "none" }],
])("nothing stands between publisher, sender and store with --traces %s and %j", async (collectorUrl, environment) => {
  expect(await openTracing(collectorUrl, environment)).toBe(NO_TRACING);
});
