import { MALFORMED, ODD, RETRY_AFTER } from "./answers.ts";
import { ENDINGS } from "./endings.ts";
import type { ZooGroup } from "./entry.ts";
import { REDIRECTS, TLS } from "./guarded.ts";
import { FLOODS, SLOW } from "./slow.ts";

/** Every way of behaving that an endpoint has been seen, or feared, to have. */
export const ENDPOINT_ZOO: readonly ZooGroup[] = [
  { title: "Slow", entries: SLOW },
  { title: "Too much", entries: FLOODS },
  { title: "Odd, but HTTP", entries: ODD },
  { title: "Not HTTP", entries: MALFORMED },
  { title: "Connections that end", entries: ENDINGS },
  { title: "Redirects", entries: REDIRECTS },
  { title: "TLS", entries: TLS },
  { title: "Asking for time", entries: RETRY_AFTER },
];
