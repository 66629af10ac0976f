import { destination, pino, type Logger } from "pino";

/** JSON lines on standard error, as `genhook serve` writes them. */
export function makeIntakeLog(): Logger {
  return pino({ base: null }, destination({ fd: 2, sync: true }));
}
