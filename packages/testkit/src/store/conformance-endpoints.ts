import { shardOf, type EndpointState, type Hold, type Store } from "@genhook/core";
import { expect, it } from "vitest";
import { buildCommit, buildEndpointState, buildHold, NOW } from "./builders.ts";

interface Fixture {
  readonly open: () => Store;
}

/** Holds belong to the directory: a change of them is a change of its version. */
export function describeHolds({ open }: Fixture): void {
  const commit = async (holds: readonly Hold[]): Promise<number> => {
    const committed = await open().directory.commit(buildCommit({ holds }), await open().directory.version());
    return committed.kind === "committed" ? committed.version : 0;
  };

  it("holds change with the directory's version; a fresh start reads those that have not ended", async () => {
    const before = await open().directory.version();
    const [a, b] = [buildHold(1), buildHold(2, { scope: "all", subject: "", endsAt: NOW + 9 })];
    const made = await commit([a, b]);
    expect((await open().directory.changesSince(before)).holds).toEqual([a, b]);
    expect((await open().directory.changesSince(made)).holds).toEqual([]);
    const ended = { ...a, endedAt: NOW + 5 };
    await commit([ended]);
    expect((await open().directory.changesSince(made)).holds).toEqual([ended]);
    expect((await open().directory.changesSince(0)).holds).toEqual([b]);
  });

  it("ended holds are forgotten with the rest of the past, others never", async () => {
    const [a, b] = [buildHold(1, { endedAt: NOW + 5 }), buildHold(2)];
    const before = await open().directory.version();
    await commit([a, b]);
    expect(await open().retention.forgetHistory(NOW + 5, 9)).toBe(0);
    expect(await open().retention.forgetHistory(NOW + 6, 9)).toBe(1);
    expect((await open().directory.changesSince(before)).holds).toEqual([b]);
  });
}

export function describeEndpointStates({ open }: Fixture): void {
  const [A, B] = [buildEndpointState("ep_0a0000000000000000000001"), buildEndpointState("ep_0b0000000000000000000002", { failing: null })];
  const byId = (states: readonly EndpointState[]): readonly EndpointState[] =>
    states.toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1));

  it("keeps what is saved of endpoints, whole, and finds it by id and by shard", async () => {
    await open().endpoints.save([A, B]);
    expect(byId(await open().endpoints.read([B.endpoint, "ep_0c0000000000000000000003", A.endpoint]))).toEqual([A, B]);
    expect(await open().endpoints.ofShards([shardOf(A.endpoint)])).toEqual([A]);
    expect(byId(await open().endpoints.ofShards([shardOf(A.endpoint), shardOf(B.endpoint), 255]))).toEqual([A, B]);
    expect(await open().endpoints.ofShards([])).toEqual([]);
    const later = { ...A, breaker: "closed", failing: null, updatedAt: A.updatedAt + 1 } as const;
    await open().endpoints.save([later]);
    expect(await open().endpoints.read([A.endpoint])).toEqual([later]);
    await open().endpoints.forget([A.endpoint]);
    expect(await open().endpoints.read([A.endpoint, B.endpoint])).toEqual([B]);
  });

  it("leaves out what a former owner saves late", async () => {
    await open().endpoints.save([A]);
    await open().endpoints.save([{ ...A, breaker: "closed", updatedAt: A.updatedAt - 1 }, B]);
    expect(byId(await open().endpoints.read([A.endpoint, B.endpoint]))).toEqual([A, B]);
  });

  it("a probe is asked for once, by whoever, and taken by the owner of the shard; saving does not undo it", async () => {
    const { endpoints } = open();
    expect(await endpoints.askProbe(A.endpoint, NOW)).toBe(false);
    await endpoints.save([A, B]);
    expect(await endpoints.askProbe(A.endpoint, NOW)).toBe(true);
    expect(await endpoints.askProbe(A.endpoint, NOW + 1)).toBe(true);
    await endpoints.save([{ ...A, updatedAt: A.updatedAt + 1 }]);
    expect(await endpoints.takeProbes([shardOf(B.endpoint)])).toEqual([]);
    expect(await endpoints.takeProbes([shardOf(B.endpoint), shardOf(A.endpoint)])).toEqual([A.endpoint]);
    expect(await endpoints.takeProbes([shardOf(B.endpoint), shardOf(A.endpoint)])).toEqual([]);
    expect(await endpoints.read([A.endpoint])).toHaveLength(1);
  });
}
