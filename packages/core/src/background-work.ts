/** What is done behind the scenes, as one says it of a failure: told apart in metrics and logs. It is done again. */
export const BACKGROUND_WORK = [
  "check the directory",
  "discover lanes",
  "look for probes that were asked for",
  "look up blocked keys",
  "number deliveries",
  "prepare an ordered lane",
  "read a lane",
  "read an ordered lane",
  "read the states of endpoints",
  "renew leases",
  "save the states of endpoints",
  "select by payload",
  "send",
  "set deliveries aside",
  "settle",
  "shape a payload",
  "suspend an endpoint",
  "sweep a lane",
  "warn of an endpoint",
] as const;

export type BackgroundWork = (typeof BACKGROUND_WORK)[number];
