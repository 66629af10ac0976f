import { describe, expect, test } from "vitest";
import { lambdaReceiver } from "../../src/adapters/lambda.ts";
import { delivery } from "../fixtures.ts";
import { describeAdapter, testedOptions } from "./conformance.ts";

const handler = lambdaReceiver(testedOptions());

describe.each([true, false])("AWS Lambda, body in base64: %s", (isBase64Encoded) => {
  describeAdapter({
    routesByMethod: true,
    // The gateway reads the body, up to 6 MB.
    send: async (request) => {
      const body = Buffer.from(await request.arrayBuffer()).toString(isBase64Encoded ? "base64" : "utf8");
      const answer = await handler({ headers: Object.fromEntries(request.headers), body, isBase64Encoded });
      return new Response(answer.body, { status: answer.statusCode, headers: answer.headers });
    },
  });
});

test("no body, no headers, a body that is not base64: refused, not fallen over", async () => {
  expect((await handler({})).statusCode).toBe(401);
  expect((await handler({ body: null, headers: null })).statusCode).toBe(401);
  const { headers } = await delivery();
  expect((await handler({ headers, body: "%%%", isBase64Encoded: true })).statusCode).toBe(400);
});
