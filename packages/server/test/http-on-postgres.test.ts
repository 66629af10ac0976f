/**
 * The tests of the HTTP interface run on the embedded file; these of them on PostgreSQL as well. All of them:
 * `GENHOOK_TEST_STORE=postgres npx vitest run packages/server/test/http`.
 */
process.env["GENHOOK_TEST_STORE"] = "postgres";
await import("./http/publish.test.ts");
await import("./http/replays.test.ts");
await import("./http/audit.test.ts");
