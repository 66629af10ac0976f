import { ATTEMPT_ERRORS, ERRORS } from "@genhook/contract";

/** `docs/errors.md`, from the tables of error codes and attempt errors. */
export function errorsPage(): string {
  const codes = Object.entries(ERRORS).map(
    ([code, { status, meaning, remedy }]) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${meaning} | ${remedy} |`,
  );
  const attempts = Object.entries(ATTEMPT_ERRORS).map(([word, meaning]) => `| \`${word}\` | ${meaning} |`);
  return [
    "# Errors",
    "",
    "Made from `packages/contract/src/errors.ts` and `attempt-errors.ts` by `npm run golden:update`.",
    "",
    'Every answer outside 2xx is `{"error":"message","code":"word"}`; `409` and `422` add `"member"`, the member that is wrong. Codes do not change; messages may.',
    "",
    "| code | status | meaning | what to do |",
    "| --- | --- | --- | --- |",
    ...codes,
    "",
    "## Why an attempt failed",
    "",
    "`error` of an attempt and `lastError` of a delivery, where no usable answer came:",
    "",
    "| word | meaning |",
    "| --- | --- |",
    ...attempts,
    "",
  ].join("\n");
}
