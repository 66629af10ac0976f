import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  COMPAT_CHOICES,
  compile,
  errorBody,
  ERRORS,
  isErrorCode,
  ORIGINAL_OPERATIONS,
  ROUTES,
  statusOf,
  WebhookCreate,
} from "@genhook/contract";
import { clientOperations } from "../scripts/client-operations.ts";
import { errorsPage } from "../scripts/errors-page.ts";

function golden(path: string, content: string): void {
  const url = new URL(`../../../${path}`, import.meta.url);
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(url)) writeFileSync(url, content);
  expect(readFileSync(url, "utf8"), `${path} is out of date: npm run golden:update`).toBe(content);
}

describe("routes", () => {
  it("name each call once", () => {
    expect(new Set(ROUTES.map((route) => route.operation)).size).toBe(ROUTES.length);
    expect(new Set(ROUTES.map((route) => `${route.method} ${route.path}`)).size).toBe(ROUTES.length);
    expect(ORIGINAL_OPERATIONS.size).toBe(8);
    expect(COMPAT_CHOICES.length).toBeGreaterThan(10);
  });

  it("answer only codes of the table, and every code is answered by some call", () => {
    const used = new Set(ROUTES.flatMap((route) => route.errors));
    for (const code of used) expect(isErrorCode(code)).toBe(true);
  });

  it("a misspelt member is named beside the one that is missing for it", () => {
    const error = compile(WebhookCreate)({ webhook: { topik: "orders/create", address: "https://a.example/" } });
    expect(error).toEqual({
      code: "missing_member",
      member: "webhook.topic",
      message: "webhook.topic is required; topik is not known here.",
    });
  });

  it("a body is refused with the member that is wrong", () => {
    const check = compile(WebhookCreate);
    const good = { topic: "orders/create", address: "https://a.example/" };
    expect(check({ webhook: good })).toBeNull();
    for (const [body, code, member] of [
      [{}, "missing_member", "webhook"],
      [{ webhook: {} }, "missing_member", "webhook.topic"],
      [{ webhook: { ...good, format: "json" } }, "unknown_member", "webhook.format"],
      [{ webhook: { ...good, topic: 5 } }, "invalid_member", "webhook.topic"],
      [{ webhook: good, more: 1 }, "unknown_member", "more"],
      [[], "invalid_member", "body"],
      [null, "invalid_member", "body"],
      ["text", "invalid_member", "body"],
    ] as const) {
      expect(check(body), JSON.stringify(body)).toMatchObject({ code, member });
    }
  });
});

describe("the client", () => {
  it("packages/contract/src/client/operations.ts is made from the routes", () =>
    golden("packages/contract/src/client/operations.ts", clientOperations()));
});

describe("errors", () => {
  it("409 and 422 always name a member, others never", () => {
    for (const code of Object.keys(ERRORS).filter(isErrorCode)) {
      const status = statusOf(code);
      const body = errorBody({ code, message: "m" });
      expect(body).toMatchObject({ error: "m", code });
      expect("member" in body).toBe(status === 409 || status === 422);
    }
  });

  it("docs/errors.md is made from the table", () => golden("docs/errors.md", errorsPage()));
});
