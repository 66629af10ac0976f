import type { TSchema } from "typebox";
import type { ApiVersion } from "../versions.ts";

/** Who receives a topic: every subscribed app of the shop, exactly one app, or every app that is or was installed. */
export type Audience = "shop" | "app" | "compliance";

/**
 * One difference between a version of a payload and the next newer one, which it is made from. Paths are those of the newer version;
 * `[*]` goes through a list. What no step speaks of is the same in both, to the digit.
 */
export type ConversionStep =
  /** The member has another name. */
  | { readonly rename: string; readonly to: string }
  /** There is no such member. */
  | { readonly drop: string }
  /** The list stands there as its own JSON text. */
  | { readonly asText: string };

export interface TopicVersion {
  /** What a payload of this version is checked against. */
  readonly schema: TSchema;
  /** How it is made from the next newer version; absent where both are the same. */
  readonly fromNewer?: readonly ConversionStep[];
}

/** One kind of event that can be subscribed to. The table of these is the source for validation, scopes, docs and generated types. */
export interface Topic {
  /** `domain/event`. */
  readonly name: string;
  /** The business domain that it is listed under. */
  readonly domain: string;
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
  /** By API version; the current one is what publishers send, and one that is not listed is the same as the next newer one. */
  readonly versions: Readonly<Partial<Record<ApiVersion, TopicVersion>> & Record<"202412", TopicVersion>>;
  /** One realistic whole payload of the current version. */
  readonly sample: Readonly<Record<string, unknown>>;
}
