import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { readTopics } from "../../src/topics/read-topics.ts";
import { readTopicsFile } from "../../src/topics/topics-file.ts";
import { Harness, SHOP, type Answer } from "../harness.ts";

const GOOD = {
  name: "loyalty/pointsEarned",
  title: "Points earned",
  scopes: ["read_loyalty"],
  root: "points",
  subjects: ["points.customer.id"],
  versions: {
    "202412": {
      schema: {
        type: "object",
        required: ["points"],
        properties: {
          points: {
            type: "object",
            required: ["customer", "earned"],
            properties: { customer: { $ref: "#/$defs/customer" }, earned: { type: "integer", minimum: 1 } },
          },
        },
        $defs: { customer: { type: "object", required: ["id"], properties: { id: { type: "string", pattern: "^[0-9]+$" } } } },
      },
    },
  },
  sample: { points: { customer: { id: "1020000013062" }, earned: 50 } },
};
const errorsOf = (...topics: readonly unknown[]): readonly string[] =>
  readTopics(JSON.stringify({ topics }), new Set(["orders/create"])).errors;

describe("a file of topics", () => {
  test("is read, with what may be left out", () => {
    const { topics, errors } = readTopics(JSON.stringify({ topics: [GOOD] }), new Set());
    expect(errors).toEqual([]);
    expect(topics).toEqual([{ ...GOOD, domain: "Loyalty", description: "Points earned", audience: "shop", madeByGenhook: false }]);
  });

  test.each([
    ["", "it is not JSON"],
    ["{", "it is not JSON"],
    ["[]", "body must be an object with the list"],
    ['{"topics":{}}', "topics must be a list of at most 500 topics"],
    ['{"topics":[],"more":1}', "more is not known here"],
    ['{"topics":[],"topics":[]}', "topics stands twice"],
    [`{"topics":${"[".repeat(200)}${"]".repeat(200)}}`, "nested deeper"],
  ])("%s: %s", (text, says) => {
    expect(readTopics(text, new Set())).toEqual({ topics: [], errors: [expect.stringContaining(says)] });
  });

  test.each<[Record<string, unknown>, string]>([
    [{ name: "pointsEarned" }, "(pointsEarned): name must be domain/event, such as loyalty/pointsEarned"],
    [{ name: undefined }, ": name is required"],
    [{ title: "" }, "title must be text of 1 to 200 characters"],
    [{ audience: "compliance" }, "audience must be shop or app"],
    [{ scopes: "read_loyalty" }, "scopes must be a list of scopes"],
    [{ scopes: ["READ"] }, "scopes[0] must be a scope such as read_orders"],
    [{ madeByGenhook: true }, "madeByGenhook must be false, or left out"],
    [{ sampel: {} }, "sampel is not known here"],
    [{ name: "orders/create" }, "(orders/create): there is a topic with this name already"],
    [{ versions: {} }, "versions.202412 is required"],
    [{ versions: { ...GOOD.versions, "199901": {} } }, "versions.199901 is not known here"],
    [
      { versions: { "202412": { schema: { type: "objekt" } } } },
      "versions.202412.schema is no JSON Schema: /type must be equal to one of the allowed values",
    ],
    [{ versions: { "202412": { schema: { required: "points" } } } }, "/required must be array"],
    [{ versions: { "202412": { schema: { $ref: "#/nowhere" } } } }, "can't resolve reference #/nowhere"],
    [
      { versions: { "202412": { schema: { $ref: "https://example.com/other.json" } } } },
      "can't resolve reference https://example.com/other.json",
    ],
    [{ versions: { "202412": { schema: { type: "string", pattern: "(" } } } }, "Invalid regular expression"],
    [{ root: "other" }, "sample must have exactly the member other, which is the root"],
    [{ sample: { points: { customer: { id: "x" }, earned: 50 } } }, "sample does not fit the schema of 202412: sample.points.customer.id"],
    [{ sample: { points: {} } }, "sample.points.customer is required"],
    [{ subjects: ["points.customer.number"] }, "subjects: the sample has no id at points.customer.number"],
  ])("%j: %s", (change, says) => {
    expect(errorsOf({ ...GOOD, ...change })).toEqual([expect.stringContaining(says)]);
  });

  test("the one in docs/operating.md can be used as it stands", () => {
    const page = readFileSync(new URL("../../../../docs/operating.md", import.meta.url), "utf8");
    const file = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    expect(readTopics(file, new Set())).toMatchObject({ errors: [], topics: [{ name: "loyalty/pointsEarned" }] });
  });

  test("a keyword that nobody knows is refused, and nothing that is only style", () => {
    const schemaOf = (schema: unknown): unknown => ({ ...GOOD, versions: { "202412": { schema } } });
    expect(errorsOf(schemaOf({ type: "object", reqiured: ["points"] }))).toEqual([expect.stringContaining('unknown keyword: "reqiured"')]);
    for (const schema of [
      {},
      { required: ["points"] },
      { type: ["object", "null"] },
      { properties: { points: true } },
      { minProperties: 1 },
    ]) {
      expect([schema, errorsOf(schemaOf(schema))]).toEqual([schema, []]);
    }
  });

  test("an older version is made from the newer one by steps, and its sample must fit too", () => {
    const older = {
      type: "object",
      properties: { points: { type: "object", required: ["total"], properties: { earned: false, total: { type: "integer" } } } },
    };
    const entry = (fromNewer: unknown): unknown => ({ ...GOOD, versions: { ...GOOD.versions, "202410": { schema: older, fromNewer } } });
    expect(errorsOf(entry([{ rename: "points.earned", to: "total" }]))).toEqual([]);
    expect(errorsOf(entry([{ drop: "points.earned" }]))).toEqual([
      expect.stringContaining("as version 202410 does not fit that schema: sample.points.total is required"),
    ]);
    expect(errorsOf(entry([{ move: "points.earned" }]))).toEqual([expect.stringContaining("versions.202410.fromNewer[0]")]);
  });

  test("says everything that is wrong at once, each with its entry", () => {
    const errors = errorsOf(GOOD, { ...GOOD, title: "Again" }, { ...GOOD, name: "loyalty/pointsSpent", scopes: 5 }, null);
    expect(errors.map((error) => error.replace(/:.*/, ""))).toEqual([
      "topics[1] (loyalty/pointsEarned)",
      "topics[2] (loyalty/pointsSpent)",
      "topics[3]",
    ]);
  });
});

describe("a server with topics of its own", () => {
  const h = new Harness();
  const folder = mkdtempSync(join(tmpdir(), "genhook-topics-"));
  const file = (topics: readonly unknown[]): string => {
    const path = join(folder, `topics-${topics.length}.json`);
    writeFileSync(path, JSON.stringify({ topics }));
    return path;
  };
  afterEach(() => h.stop());
  afterAll(() => rmSync(folder, { recursive: true }));

  test("offers, checks, scopes, samples and documents them as the built-in ones", async () => {
    const appOnly = { ...GOOD, name: "loyalty/appInvited", audience: "app", scopes: [], domain: "Loyalty programme" };
    await h.start({ topics: file([GOOD, appOnly]) });
    const endpoint = await h.endpoint();
    const app = await h.install({}, SHOP, ["read_loyalty", "write_apps"]);
    const other = await h.install({}, SHOP, ["write_apps"]);
    const id = await h.subscribe(app, GOOD.name, `${endpoint.url}/points`);
    const refused = await h.call(
      "POST",
      "/api/202412/app/webhooks",
      { webhook: { topic: GOOD.name, address: endpoint.url } },
      { token: other.token },
    );
    expect(refused.body.code).toBe("topic_scope_missing");

    expect((await h.publish(GOOD.name, { points: { customer: { id: "7" }, earned: 0 } })).body).toMatchObject({
      code: "payload_mismatch",
      member: "payload.points.earned",
    });
    expect((await h.publish(GOOD.name, { points: { customer: { id: "7" }, earned: 5 } })).body.event.deliveries).toBe(1);
    expect((await h.publish(appOnly.name, appOnly.sample)).body.code).toBe("client_id_required");
    await h.call("POST", `/api/202412/app/webhooks/${id}/test`, undefined, { token: app.token });
    await endpoint.waitFor(2);
    expect(endpoint.received.map(({ body }) => JSON.parse(body.toString()) as unknown)).toContainEqual(GOOD.sample);

    const listed = ((await h.call("GET", "/platform/v1/topics")).body.topics as { name: string }[]).map(({ name }) => name);
    expect(listed.slice(-2)).toEqual([GOOD.name, appOnly.name]);
    const document = (await h.call("GET", "/openapi.json")).body as { webhooks: Record<string, { post: { tags: string[] } }> };
    expect(document.webhooks[appOnly.name]?.post.tags).toEqual(["Loyalty programme"]);
    expect((await h.call("GET", "/docs")).text).toContain(GOOD.name);
  });

  test("goes on without a topic that was taken out of the file: its webhooks stay, and nothing can be published for it", async () => {
    await h.start({ topics: file([GOOD]) });
    const app = await h.install({}, SHOP, ["read_loyalty", "write_apps"]);
    const id = await h.subscribe(app, GOOD.name, "https://app.example.com/points");
    await h.restart();
    const answer = (path: string, method = "GET"): Promise<Answer> =>
      h.call(method, `/api/202412/app/webhooks/${path}`, undefined, { token: app.token });
    expect((await answer(String(id))).body.webhook.topic).toBe(GOOD.name);
    expect((await answer(`${id}/test`, "POST")).body).toMatchObject({ code: "unknown_topic", member: "topic" });
    expect((await h.publish(GOOD.name, GOOD.sample)).body.code).toBe("unknown_topic");
    expect((await answer(String(id), "DELETE")).status).toBe(200);
  });

  test("does not start on a file that cannot be used, and says all of why", async () => {
    const path = file([{ ...GOOD, title: 5 }, { name: "x" }, GOOD]);
    await expect(h.start({ topics: path })).rejects.toThrow(
      /topics-3\.json of --topics cannot be used:\n {2}topics\[0\] \(loyalty\/pointsEarned\): title must.*\n {2}topics\[1\]/,
    );
    expect(() => readTopicsFile(join(folder, "none.json"))).toThrow(/none\.json of --topics does not exist/);
  });
});
