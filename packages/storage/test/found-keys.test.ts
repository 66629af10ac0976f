import { expect, it } from "vitest";
import type { PlatformKey } from "@genhook/core";
import { FoundKeys } from "../src/sqlite/found-keys.ts";

const key: PlatformKey = { id: "k1", name: "ci", role: "publish", hash: "ab", createdAt: 1, revokedAt: null };
const revoked: PlatformKey = { ...key, revokedAt: 2 };

it("a key is read once, until keys or the directory change", async () => {
  const keys = new FoundKeys();
  let stored = key;
  let reads = 0;
  const find = (): Promise<unknown> =>
    keys.find("ab", () => {
      reads += 1;
      return Promise.resolve({ key: stored, version: 7 });
    });
  expect([await find(), await find(), reads]).toEqual([{ key, version: 7 }, { key, version: 7 }, 1]);
  await keys.change(() => {
    stored = revoked;
    return Promise.resolve();
  });
  expect([await find(), reads]).toEqual([{ key: revoked, version: 7 }, 2]);
});

it("what was read while a key was revoked is not kept", async () => {
  const keys = new FoundKeys();
  let answer: (found: { key: PlatformKey; version: number }) => void = () => undefined;
  const slow = keys.find("ab", () => new Promise((resolve) => (answer = resolve)));
  await keys.change(() => Promise.resolve());
  answer({ key, version: 7 });
  expect(await slow).toEqual({ key, version: 7 });
  expect(await keys.find("ab", () => Promise.resolve({ key: revoked, version: 8 }))).toEqual({ key: revoked, version: 8 });
});

it("what was read before a revocation is durable and kept while it is under way goes with it", async () => {
  const keys = new FoundKeys();
  await keys.change(async () => {
    await keys.find("ab", () => Promise.resolve({ key, version: 7 }));
  });
  expect(await keys.find("ab", () => Promise.resolve({ key: revoked, version: 7 }))).toEqual({ key: revoked, version: 7 });
});

it("a change that fails forgets as well, and a wrong key is not kept", async () => {
  const keys = new FoundKeys();
  let reads = 0;
  const find = (): Promise<unknown> =>
    keys.find("no", () => {
      reads += 1;
      return Promise.resolve({ key: null, version: 7 });
    });
  await find();
  await find();
  expect(reads).toBe(2);
  await expect(keys.change(() => Promise.reject(new Error("the disk is full")))).rejects.toThrow("the disk is full");
});
