import { usage } from "./cli-error.ts";

/** A port alone, which a URL would take for the number of an address far away: `3000/hooks`. */
const PORT_ALONE = /^\d{1,5}(?=$|\/|\?)/;

/**
 * An endpoint's address as people type it: `localhost:3000/hooks`, `:3000/hooks` and `3000/hooks` are meant as http. `what` begins the sentence that
 * refuses anything else.
 */
export function readEndpointAddress(address: string, what: string): URL {
  const place = address.startsWith(":") ? `localhost${address}` : PORT_ALONE.test(address) ? `localhost:${address}` : address;
  const text = /^[a-z]+:\/\//i.test(address) ? address : `http://${place}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw usage(`${what}, such as http://localhost:3000/hooks, not "${address}".`);
  if (url.username !== "" || url.hash !== "") throw usage("An address has no user and no fragment.");
  return url;
}
