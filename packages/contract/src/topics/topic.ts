import type { TSchema } from "typebox";
import type { ApiVersion } from "../versions.ts";

/** Who receives a topic: every subscribed app of the shop, exactly one app, or every app that is or was installed. */
export type Audience = "shop" | "app" | "compliance";

export type Domain =
  | "Orders"
  | "Products"
  | "Collections"
  | "Customers"
  | "Refunds"
  | "Discounts"
  | "Shop"
  | "App"
  | "Authorization"
  | "Billing"
  | "Compliance";

/** One kind of event that can be subscribed to. The table of these is the source for validation, scopes, docs and generated types. */
export interface Topic {
  /** `domain/event`. */
  readonly name: string;
  readonly domain: Domain;
  readonly title: string;
  readonly description: string;
  readonly audience: Audience;
  /** Any one of these lets an app receive it; empty where none is needed. */
  readonly scopes: readonly string[];
  /** The payload's one root member. */
  readonly root: string;
  /** Paths to ids of customers that the payload speaks of, for erasure; `[]` goes through a list. */
  readonly subjects: readonly string[];
  /** What is erased once this was delivered: events of the customers that it names, or all of the shop's. Absent: nothing. */
  readonly erases?: "subjects" | "shop";
  /** Made by Genhook itself; refused from outside. */
  readonly madeByGenhook: boolean;
  /** What is checked per API version; the current one is what publishers send. */
  readonly versions: Readonly<Partial<Record<ApiVersion, { readonly schema: TSchema }>> & Record<"202412", { readonly schema: TSchema }>>;
  /** One realistic whole payload of the current version. */
  readonly sample: Readonly<Record<string, unknown>>;
}
