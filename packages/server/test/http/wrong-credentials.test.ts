import { afterEach, expect, test } from "vitest";
import { ApiError } from "../../src/http/api-error.ts";
import { WrongCredentials } from "../../src/http/wrong-credentials.ts";
import { Harness, type Answer } from "../harness.ts";

const harness = new Harness();

afterEach(() => harness.genhook?.stop());

/** A call as a proxy in front of the server passes it on. */
function callFrom(address: string, key: string): Promise<Answer> {
  return harness.call("GET", "/platform/v1/shops", undefined, { key, headers: { "X-Forwarded-For": address } });
}

test("who guesses keys is told to wait, and is not heard meanwhile; nobody else is", async () => {
  await harness.start({ "trust-proxy": "loopback" });
  const made = await harness.call("POST", "/platform/v1/keys", { name: "new", role: "read" });
  const key = made.body.key.key as string;
  const statuses = new Set<number>();
  let last: Answer | null = null;
  for (let n = 0; n < 40; n += 1) {
    last = await callFrom("203.0.113.1", `guess-${n}`);
    statuses.add(last.status);
  }
  expect([...statuses]).toEqual([401, 429]);
  expect(last?.body.code).toBe("too_many_wrong_keys");
  expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0);
  // Otherwise the guess that hits would be taken all the same.
  expect((await callFrom("203.0.113.1", key)).status).toBe(429);
  expect((await callFrom("203.0.113.2", key)).status).toBe(200);
  expect((await harness.call("GET", "/platform/v1/keys")).status).toBe(200);
});

test("a key that was right from an address stays right there, whoever guesses from it; a revoked one does not", async () => {
  await harness.start({ "trust-proxy": "loopback" });
  const made = await harness.call("POST", "/platform/v1/keys", { name: "another", role: "read" });
  const { key, id } = made.body.key as { key: string; id: string };
  expect((await callFrom("203.0.113.9", key)).status).toBe(200);
  for (let n = 0; n < 40; n += 1) await callFrom("203.0.113.9", `guess-${n}`);
  expect((await callFrom("203.0.113.9", key)).status).toBe(200);
  expect((await harness.call("DELETE", `/platform/v1/keys/${id}`)).status).toBe(200);
  expect((await callFrom("203.0.113.9", key)).status).toBe(401);
  expect((await callFrom("203.0.113.9", key)).status).toBe(429);
});

test("access tokens are guarded alike, and an address that nobody trusts is not taken from a header", async () => {
  await harness.start();
  const statuses = new Set<number>();
  for (let n = 0; n < 40; n += 1) {
    const headers = { "X-Forwarded-For": `203.0.113.${n}` };
    statuses.add((await harness.call("GET", "/api/202412/app/webhooks", undefined, { token: `guess-${n}`, headers })).status);
  }
  expect([...statuses]).toEqual([401, 429]);
  expect((await harness.call("GET", "/platform/v1/keys")).status).toBe(429);
});

test("time gives one more guess every three seconds; addresses are bounded, and an IPv6 customer is one", () => {
  let now = 0;
  const wrong = new WrongCredentials(() => now);
  const isHeard = (address: string): boolean => {
    try {
      wrong.check(address, "hash");
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError);
      return false;
    }
  };
  const guess = (address: string): void => {
    if (isHeard(address)) wrong.wrong(address, "hash");
  };
  for (let n = 0; n < 100; n += 1) guess(`2001:db8:1:2::${n.toString(16)}`);
  expect([isHeard("2001:db8:1:2:ffff::1"), isHeard("2001:db8:1:3::1")]).toEqual([false, true]);
  now += 2_999;
  expect(isHeard("2001:db8:1:2::1")).toBe(false);
  now += 2;
  expect(isHeard("2001:db8:1:2::1")).toBe(true);
  for (let n = 0; n < 100; n += 1) guess("198.51.100.1");
  expect([isHeard("198.51.100.1"), isHeard("::ffff:198.51.100.1")]).toEqual([false, false]);
  for (let n = 0; n < 10_000; n += 1) guess(`10.0.${n >> 8}.${n & 255}`);
  expect(isHeard("198.51.100.1")).toBe(true);
});
