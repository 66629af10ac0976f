import type { AppAccess, AuditRecord } from "@genhook/core";
import { expect, it } from "vitest";
import { eventIdAt, NOW } from "./builders.ts";
import type { Fixture } from "./conformance.ts";

const HOUR_MS = 3_600_000;

/** Tokens and links of app-wide access. */
export function describeAppAccess({ open, version }: Fixture): void {
  const audit = (action: string): AuditRecord => ({
    at: NOW,
    actor: "app 0123",
    action,
    subject: "access",
    before: null,
    after: null,
    requestId: null,
  });
  const actions = async (): Promise<readonly string[]> => {
    const query = { actor: null, subject: "access", action: null, requestId: null, from: null, to: null, turn: { after: null }, limit: 9 };
    return (await open().directory.readAudit(query)).map(({ action }) => action);
  };

  it("keeps access by id and by the token's hash, with the directory's version, and changes it at its revision only", async () => {
    const { appAccesses } = open();
    const link = buildAccess(NOW, { kind: "link", codeHash: "c".repeat(64), shop: 1, frameAncestors: ["https://shop.example.com"] });
    await appAccesses.add(link, audit("add"), 0);
    expect(await appAccesses.find(link.id)).toEqual({ access: link, version: version() });
    expect(await appAccesses.find(eventIdAt(NOW))).toEqual({ access: null, version: version() });
    expect(await appAccesses.findByToken("a".repeat(64))).toEqual({ access: null, version: version() });
    const opened = { ...link, tokenHash: "a".repeat(64), codeHash: null, openedAt: NOW + 1 };
    const both = await Promise.all([appAccesses.replace(opened, 1, audit("open")), appAccesses.replace(opened, 1, audit("open"))]);
    expect(new Set(both)).toEqual(new Set([true, false]));
    expect(await appAccesses.findByToken("a".repeat(64))).toEqual({ access: { ...opened, revision: 2 }, version: version() });
    expect(await actions()).toEqual(["open", "add"]);
  });

  it("lists links newest first both ways, of one app or of all, and forgets what ended long ago", async () => {
    const { appAccesses } = open();
    const links = [1, 2, 3].map((n) => buildAccess(NOW + n, { kind: "link", app: n === 2 ? 2 : 1 }));
    const [first, second, third] = links as [AppAccess, AppAccess, AppAccess];
    for (const each of [...links, buildAccess(NOW + 4, { tokenHash: "b".repeat(64) })]) await appAccesses.add(each, audit("add"), 0);
    expect(await appAccesses.listLinks(null, { after: null }, 2)).toEqual([third, second]);
    expect(await appAccesses.listLinks(null, { after: second.id }, 2)).toEqual([first]);
    expect(await appAccesses.listLinks(null, { before: first.id }, 1)).toEqual([second]);
    expect(await appAccesses.listLinks(1, { after: null }, 9)).toEqual([third, first]);
    await appAccesses.add(buildAccess(NOW + 5, { kind: "link", expiresAt: NOW + 9 * HOUR_MS }), audit("add"), NOW + 2 * HOUR_MS);
    expect(await appAccesses.listLinks(null, { after: null }, 9)).toHaveLength(1);
    expect((await appAccesses.findByToken("b".repeat(64))).access).toBeNull();
  });
}

function buildAccess(at: number, more: Partial<AppAccess> = {}): AppAccess {
  return {
    id: eventIdAt(at),
    kind: "token",
    app: 1,
    shop: null,
    can: ["read", "replay"],
    secretId: null,
    codeHash: null,
    tokenHash: null,
    frameAncestors: [],
    madeBy: "key k1 ops",
    createdAt: at,
    openedAt: null,
    expiresAt: at + HOUR_MS,
    revokedAt: null,
    revision: 1,
    ...more,
  };
}
