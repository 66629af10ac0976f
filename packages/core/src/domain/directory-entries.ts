import type { Ordering } from "./order.ts";

/**
 * What the directory knows: shops, apps, installations, subscriptions. Rows are immutable values; a change is a new
 * value of the whole row. `id` is the internal key that other rows refer to; the outside knows shops by domain, apps by
 * client id, and subscriptions by id or UUID.
 */

export type Plan = "none" | "basic" | "standard" | "advanced";

export interface Shop {
  readonly id: number;
  readonly domain: string;
  /** Decimal text of a 64-bit integer. */
  readonly shopId: string;
  readonly plan: Plan;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

/** `ed25519`: signs beside the signing secret, with a public key that anyone may read. */
export type SecretKind = "client" | "signing" | "ed25519";

/** `staged`: revealed, not yet used · `live`: signs · `retiring`: still signs beside a newer one. */
export type SecretState = "staged" | "live" | "retiring";

export interface SealedSecret {
  readonly id: string;
  readonly kind: SecretKind;
  readonly state: SecretState;
  /** AES-256-GCM: nonce, ciphertext and tag, base64. Opened only where something is signed or checked. */
  readonly sealed: string;
  /** `whpk_…`, for `ed25519` alone. */
  readonly publicKey?: string;
  readonly createdAt: number;
}

export interface DeclaredWebhook {
  readonly topic: string;
  readonly address: string;
  /** Absent where none are declared. */
  readonly settings?: SubscriptionSettings;
}

export interface App {
  readonly id: number;
  /** 32 upper- or lower-case hex digits, as given. */
  readonly clientId: string;
  readonly name: string;
  /** Event version: the API version of the payloads that this app receives. */
  readonly apiVersion: string;
  readonly secrets: readonly SealedSecret[];
  /** What each of the app's installations is to have; addresses of `app` topics belong to the app itself. */
  readonly webhooks: readonly DeclaredWebhook[];
  /** Grows by one with each change of `webhooks`. */
  readonly declaration: { readonly version: number; readonly changedAt: number };
  /** Topic → address, for the compliance topics. */
  readonly complianceWebhooks: Readonly<Record<string, string>>;
  readonly isListed: boolean;
  readonly contactEmail: string | null;
  readonly contactUrl: string | null;
  /** Endpoint → attempts per second, where an operator has set it: an endpoint is one app's for good. */
  readonly endpointRates?: Readonly<Record<string, number>>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

export interface Installation {
  readonly app: number;
  readonly shop: number;
  readonly scopes: readonly string[];
  /** SHA-256 of the access token, 64 hex digits. */
  readonly tokenHash: string;
  /** The version of the app's declaration that it was brought to, and how many declared webhooks could not be made. */
  readonly declaration: { readonly version: number; readonly missing: number };
  readonly installedAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

export type SubscriptionStatus = "active" | "paused" | "suspended" | "disabled";
export type StatusReason = "endpoint_failing" | "scope_lost" | "gone";

/** Settings beyond topic and address (contract section 7); absent members are not set. */
export interface SubscriptionSettings {
  readonly sequence?: boolean;
  readonly ordered?: boolean;
  readonly onDead?: "block" | "skip";
  readonly mode?: "push" | "pull";
  readonly filter?: string;
  readonly fields?: readonly string[];
  readonly changed?: readonly string[];
  /** Attempts that may start at its endpoint per second, 0.1 to 10,000. */
  readonly ratePerSecond?: number;
}

export interface Subscription {
  /** What the REST API gives as `id`. */
  readonly id: number;
  readonly uuid: string;
  readonly app: number;
  /** Null for addresses that an app declares for `app` and compliance topics: they belong to no installation. */
  readonly shop: number | null;
  readonly topic: string;
  readonly address: string;
  /** Host of the address, without port, as a URL parser writes it. */
  readonly host: string;
  /** `endpointOf(clientId, address)`. */
  readonly endpoint: string;
  readonly status: SubscriptionStatus;
  readonly statusReason: StatusReason | null;
  readonly settings: SubscriptionSettings;
  /** Absent as long as it was never ordered. */
  readonly order?: Ordering;
  /** True where it was made from the app's declaration, not by a call. */
  readonly isDeclared: boolean;
  /** The settings that it has got from there; what differs from them the app or an operator has set since. Absent where none were declared. */
  readonly declaredSettings?: SubscriptionSettings;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
  readonly endReason: "unsubscribed" | "uninstalled" | null;
}
