import { existsSync, readFileSync, writeFileSync } from "node:fs";
import {
  buildAsyncApi,
  buildOpenApi,
  compile,
  errorExample,
  ERRORS,
  errorCodesOf,
  EXAMPLES,
  isErrorCode,
  pathParameters,
  ROUTES,
  schemaOf,
  statusOf,
  TOPICS,
  type Route,
} from "@genhook/contract";
import { strictSchema } from "@genhook/testkit";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";

const openApi = buildOpenApi({ version: "0.1.0" });
const asyncApi = buildAsyncApi({ version: "0.1.0" });
type Json = Record<string, unknown>;

interface Response {
  readonly $ref?: string;
  readonly content?: { readonly "application/json"?: { readonly examples?: Record<string, { readonly value: Json }> } };
}

function examplesOf(response: Response): Record<string, { readonly value: Json }> {
  const name = response.$ref?.split("/").at(-1);
  const shared = (openApi["components"] as { readonly responses: Record<string, Response> }).responses;
  return (name === undefined ? response : shared[name])?.content?.["application/json"]?.examples ?? {};
}

function golden(path: string, content: string): void {
  const url = new URL(`../../../${path}`, import.meta.url);
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(url)) writeFileSync(url, content);
  expect(readFileSync(url, "utf8"), `${path} is out of date: npm run golden:update`).toBe(content);
}

describe("the OpenAPI document", () => {
  it("docs/api/openapi.json is made from the routes", () => golden("docs/api/openapi.json", `${JSON.stringify(openApi, null, 1)}\n`));

  it("is valid OpenAPI 3.1, and refers to nothing that is not there", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(openApi))).toEqual({ valid: true });
    const text = JSON.stringify(openApi);
    for (const [, pointer = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = pointer.split("/").reduce<unknown>((at, key) => (at as Json | undefined)?.[key], openApi);
      expect(found, pointer).toBeTypeOf("object");
    }
    expect(text).not.toContain('"expected"');
  });

  it("has every call and every topic", () => {
    const paths = openApi["paths"] as Record<string, Record<string, { operationId: string }>>;
    const operations = Object.values(paths).flatMap((path) => Object.values(path).map((operation) => operation.operationId));
    expect(operations.toSorted()).toEqual(ROUTES.map((route) => route.operation).toSorted());
    expect(Object.keys(openApi["webhooks"] as object)).toEqual(TOPICS.map((topic) => topic.name));
  });

  it("shows every code that a call can answer, with its status and an example that fits the error's schema", () => {
    const check = new Ajv2020().compile((openApi["components"] as { schemas: { Error: object } }).schemas.Error);
    const shown = new Set<string>();
    const paths = openApi["paths"] as Record<string, Record<string, { responses: Record<string, Response> }>>;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        for (const [status, response] of Object.entries(responses)) {
          for (const [code, { value }] of Object.entries(examplesOf(response))) {
            shown.add(code);
            expect(value["code"]).toBe(code);
            expect(String(ERRORS[code as keyof typeof ERRORS].status), `${method} ${path} ${code}`).toBe(status);
            expect(check(value), `${code}: ${JSON.stringify(check.errors)}`).toBe(true);
            expect("member" in value).toBe(status === "409" || status === "422");
          }
        }
      }
    }
    expect([...shown].toSorted()).toEqual(Object.keys(ERRORS).toSorted());
  });
});

describe("the AsyncAPI document", () => {
  it("docs/api/asyncapi.json is made from the topics", () => golden("docs/api/asyncapi.json", `${JSON.stringify(asyncApi, null, 1)}\n`));

  it("is valid AsyncAPI 3.0", () => {
    const schema = JSON.parse(
      readFileSync(new URL(import.meta.resolve("@asyncapi/specs/schemas/3.0.0-without-$id.json")), "utf8"),
    ) as object;
    const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    validate(structuredClone(asyncApi));
    expect(validate.errors ?? []).toEqual([]);
  });

  it("has every topic as a channel, with a sample that fits", () => {
    const channels = asyncApi["channels"] as Record<
      string,
      { title: string; messages: Record<string, { payload: object; examples: { payload: unknown }[] }> }
    >;
    expect(Object.values(channels).map(({ title }) => title)).toEqual(TOPICS.map(({ name }) => name));
    for (const { title, messages } of Object.values(channels)) {
      const [message] = Object.values(messages);
      const check = new Ajv2020({ strict: false }).compile(message?.payload ?? false);
      expect(check(message?.examples[0]?.payload), title).toBe(true);
    }
  });
});

describe("examples", () => {
  const cases = ROUTES.map((route): [string, Route] => [route.operation, route]);

  it.each(cases)("%s has one that fits its schemas, with no member that the answer's schema does not name", (operation, route) => {
    const example = EXAMPLES[operation];
    if (example === undefined) throw new Error(`${operation} has no example in src/examples`);
    expect(Object.keys(example.params ?? {})).toEqual(pathParameters(route).flatMap(({ name }) => (name === "version" ? [] : [name])));
    expect(example.body === undefined).toBe(route.body === undefined);
    if (route.body !== undefined) expect(compile(route.body)(example.body)).toBeNull();
    if (route.query !== undefined) expect(compile(route.query)(example.query ?? {})).toBeNull();
    expect(example.query === undefined || route.query !== undefined).toBe(true);
    if (example.answer !== undefined) expect(compile(strictSchema(route.answer), "answer")(example.answer)).toBeNull();
    expect(schemaOf(route.answer)).toBeTypeOf("object");
  });

  it("no example is left of a call that is gone", () => {
    const operations = new Set(ROUTES.map(({ operation }) => operation));
    expect(Object.keys(EXAMPLES).filter((operation) => !operations.has(operation))).toEqual([]);
  });

  it("every code's answer has its status' members", () => {
    for (const code of Object.keys(ERRORS).filter(isErrorCode)) {
      const status = statusOf(code);
      const example = errorExample(code);
      expect([code, "member" in example]).toEqual([code, status === 409 || status === 422]);
      expect(
        ROUTES.some((route) => errorCodesOf(route).includes(code)),
        code,
      ).toBe(true);
    }
  });
});
