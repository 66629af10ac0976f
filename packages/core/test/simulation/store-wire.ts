import type { Store } from "@genhook/core";
import type { SimulatedNode } from "./simulated-node.ts";
import type { World } from "./world.ts";

/** Longest that a call to a store that does not answer takes to fail, ms. */
const STORE_TIMEOUT_MS = 2_000;

/** The store as one process has it: slow, sometimes away, and a crash may come before or after a call was carried out. */
export function storeBehindWire(world: World, node: SimulatedNode): Store {
  const wrap = <Part extends object>(part: string, target: Part): Part => {
    const members = new Map<string | symbol, unknown>();
    return new Proxy(target, {
      get: (_, name) => {
        let member = members.get(name);
        if (member === undefined) {
          const own: unknown = Reflect.get(target, name);
          if (typeof own !== "function") return own;
          const point = `${part}.${String(name)}`;
          member = (...args: unknown[]): Promise<unknown> =>
            call(world, node, point, () => Reflect.apply(own, target, args) as Promise<unknown>);
          members.set(name, member);
        }
        return member;
      },
    });
  };
  const { store } = world;
  return {
    ...store,
    hints: store.isShared ? world.hints.connect(node.process) : store.hints,
    events: wrap("events", store.events),
    tasks: wrap("tasks", store.tasks),
    ordered: wrap("ordered", store.ordered),
    sequences: wrap("sequences", store.sequences),
    log: wrap("log", store.log),
    directory: wrap("directory", store.directory),
    leases: wrap("leases", store.leases),
    endpoints: wrap("endpoints", store.endpoints),
    replayJobs: wrap("replayJobs", store.replayJobs),
  };
}

function away(): Error {
  return Object.assign(new Error("away"), { code: "store_unavailable" });
}

function call(world: World, node: SimulatedNode, point: string, carryOut: () => Promise<unknown>): Promise<unknown> {
  const { time, random, options } = world;
  const { process } = node;
  return new Promise((resolve, reject) => {
    // A process that is dead asks for nothing: what runs on in it is the rest of the turn in which it died.
    if (!process.isAlive || world.dies(node, `${point} is called`)) return;
    if (node.isCutOff) {
      process.timers.after(STORE_TIMEOUT_MS, () => reject(away()));
      return;
    }
    time.after(0.2 + random() * 3, () => {
      // In flight when the process died: the store may or may not have got it.
      if (!process.isAlive && random() < 0.5) return;
      const fails = process.isAlive && options.storeFails && !world.isCalm && random() < 0.02;
      // The answer is what was lost in half of the cases on a shared store: the call was carried out.
      if (fails && (!options.isShared || random() < 0.5)) {
        process.arrive(() => reject(away()));
        return;
      }
      const answer = (deliver: () => void): void => {
        world.dies(node, `${point} was carried out`);
        time.after(0.2 + random() * 3, () => {
          if (fails || node.isCutOff) process.timers.after(fails ? 0 : STORE_TIMEOUT_MS, () => reject(away()));
          else process.arrive(deliver);
        });
      };
      carryOut().then(
        (value) => answer(() => resolve(value)),
        (error: unknown) => answer(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  });
}
