import { compile, ROUTES } from "@genhook/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { valuesOf } from "./schema-values.ts";

const SCHEMAS = ROUTES.flatMap(({ operation, body, query }) =>
  [body, query].flatMap((schema) => (schema === undefined ? [] : [[operation, schema] as const])),
);

test.each(SCHEMAS)("what is made for %s fits its schema, so that the fuzz comes behind it", (_, schema) => {
  const check = compile(schema);
  for (const value of fc.sample(valuesOf(schema, {}), { numRuns: 40 })) {
    expect(check(JSON.parse(JSON.stringify(value))), JSON.stringify(value)).toBeNull();
  }
});
