import type { ServerResponse } from "node:http";

/**
 * Goes on with a request unless its sender has hung up. Had this program not read for a while, the end of a connection that was given up long ago lies
 * right behind its request, and is read two turns of the event loop later: after one, none of 24 requests that were given up during a stall was known to be
 * over; after two, all were.
 */
export function unlessGivenUp(response: ServerResponse, goOn: () => void): void {
  const look = (turns: number): void => {
    setImmediate(() => {
      if (response.destroyed || response.socket?.destroyed === true) return;
      if (turns > 1) look(turns - 1);
      else goOn();
    });
  };
  look(3);
}
