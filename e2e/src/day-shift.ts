/**
 * Loaded into a server (`node --import`): its wall clock gains a day every `GENHOOK_TEST_DAY_MS`, on all threads at once, so that retention can
 * be seen at work within minutes. What it looks at every minute it looks at four times in such a day. Durations and timers are left alone.
 */
const dayMs = Number(process.env["GENHOOK_TEST_DAY_MS"] ?? 0);
const beganNs = BigInt(process.env["GENHOOK_TEST_BEGAN_NS"] ?? 0);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

if (dayMs > 0) {
  const OwnDate = Date;
  const shiftMs = (): number => Math.floor(Number(process.hrtime.bigint() - beganNs) / 1e6 / dayMs) * DAY_MS;
  class ShiftedDate extends OwnDate {
    constructor(...args: unknown[]) {
      if (args.length === 0) super(ShiftedDate.now());
      else super(...(args as [number]));
    }

    static override now(): number {
      return OwnDate.now() + shiftMs();
    }
  }
  globalThis.Date = ShiftedDate as DateConstructor;
  const { setTimeout: setTimer } = globalThis;
  const sooner = (fire: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): NodeJS.Timeout =>
    setTimer(fire, delayMs === MINUTE_MS ? Math.min(MINUTE_MS, dayMs / 4) : delayMs, ...args);
  globalThis.setTimeout = Object.assign(sooner, setTimer) as typeof setTimeout;
}
