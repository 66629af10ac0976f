/**
 * A hold: an operator has sending stopped, with a reason and perhaps an end. What it covers is owed as before and waits; it uses no attempt
 * and no row is rewritten for it. Several holds may cover the same thing; it is sent again when none does.
 */
export type HoldScope = "shop" | "app" | "host" | "topic" | "all";

export interface Hold {
  /** A UUID. */
  readonly id: string;
  readonly scope: HoldScope;
  /** A shop's domain, a client id, a host's name, or a topic, as `holdSubject` writes it; empty for `all`. */
  readonly subject: string;
  /** For operators; tenants read general words. */
  readonly reason: string;
  /** Who made it, as the audit names them. */
  readonly madeBy: string;
  readonly createdAt: number;
  /** When it ends by itself, by the clock of whoever sends; null: not before it is released. */
  readonly endsAt: number | null;
  /** When it was released, or was found to have ended. */
  readonly endedAt: number | null;
}

/** What a hold is compared with: the traits of a subscription, or of an endpoint. */
export interface Holdable {
  /** The shop's domain; null where it belongs to no shop. */
  readonly shop: string | null;
  readonly clientId: string;
  readonly host: string;
  /** The subscription's current topic: a changed one counts for older deliveries too. */
  readonly topic: string;
}

/** One spelling for what is compared without regard to case. */
export function holdSubject(scope: HoldScope, subject: string): string {
  if (scope === "all") return "";
  return scope === "topic" ? subject : subject.toLowerCase();
}

/** Whether a hold is in force at a wall time. */
export function isInForce(hold: Hold, now: number): boolean {
  return hold.endedAt === null && (hold.endsAt === null || now < hold.endsAt);
}

/** What of a subscription a hold of each scope looks at; null where there is nothing to look at. */
export function traitOf(scope: HoldScope, of: Holdable): string | null {
  switch (scope) {
    case "shop":
      return of.shop === null ? null : holdSubject(scope, of.shop);
    case "app":
      return holdSubject(scope, of.clientId);
    case "host":
      return holdSubject(scope, of.host);
    case "topic":
      return of.topic;
    case "all":
      return "";
  }
}

/** Host of a normalised origin (`https://app.example.com:8443`), without its port: what a hold of a host is compared with. */
export function hostOf(origin: string): string {
  return origin.replace(/^[a-z]+:\/\//, "").replace(/:\d+$/, "");
}
