import type { ContractError } from "./errors.ts";
import { TOPIC_BY_NAME } from "./topics/table.ts";
import { compile, type Check } from "./validation.ts";
import type { ApiVersion } from "./versions.ts";

const checks = new Map<string, Check>();

/** Null when a payload fits its topic's schema; otherwise `payload_mismatch` with the member as `payload.…`. Compiled at the first use. */
export function checkPayload(topic: string, version: ApiVersion, payload: unknown): ContractError | null {
  const key = `${topic} ${version}`;
  let check = checks.get(key);
  if (check === undefined) {
    const schema = TOPIC_BY_NAME.get(topic)?.versions[version]?.schema;
    if (schema === undefined)
      return { code: "unknown_topic", message: `There is no topic "${topic}" in version ${version}.`, member: "topic" };
    checks.set(key, (check = compile(schema, "payload")));
  }
  const error = check(payload);
  return error === null ? null : { ...error, code: "payload_mismatch" };
}
