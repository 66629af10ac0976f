import type { LaneTableOptions } from "../../src/engine/lane-table-options.ts";
import { LaneTable } from "../../src/engine/lane-table.ts";
import type { VirtualTime } from "../simulation/virtual-time.ts";

type Given = "store" | "directory" | "refreshDirectory" | "isShared";

/** A lane table in virtual time that owns everything and tells nobody; what a test looks at is given. An error of it fails the test. */
export function makeLaneTable(time: VirtualTime, given: Pick<LaneTableOptions, Given> & Partial<LaneTableOptions>): LaneTable {
  return new LaneTable({
    node: "node-1",
    clock: time.clock,
    timers: time.timersOf(() => true),
    endpointConcurrencyMax: 10,
    attemptsInFlightMax: 512,
    owns: () => true,
    tell: () => undefined,
    onNumbered: () => undefined,
    onAvailable: () => undefined,
    onReady: () => undefined,
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
    ...given,
  });
}
