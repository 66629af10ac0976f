import type { AuditRecord } from "./directory-store.ts";

export type Role = "admin" | "publish" | "read";

/** A platform key as it is kept: never the key itself. */
export interface PlatformKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the key, 64 hex digits. */
  readonly hash: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

/** The bucket after a call: `taken` says whether the call found a token. */
export interface BucketState {
  readonly taken: boolean;
  /** Tokens used, whole, after the call. */
  readonly used: number;
  /** Ms until a token is there again; 0 when taken. */
  readonly waitMs: number;
}

export interface Credentials {
  /** Makes or changes a key; the record, where there is one, is written in the same transaction. */
  putKey(key: PlatformKey, audit: AuditRecord | null): Promise<void>;
  /**
   * The key with that hash, a revoked one as such, null where there is none; and the directory's version, read now: what a call before this
   * one has changed, at whatever process, is known to it.
   */
  findKey(hash: string): Promise<{ readonly key: PlatformKey | null; readonly version: number }>;
  listKeys(): Promise<readonly PlatformKey[]>;
  /** Takes one token of the bucket of an app on a shop, exactly, whichever process asks. */
  takeToken(app: number, shop: number, size: number, perSecond: number, at: number): Promise<BucketState>;
  /** A small durable note by name (sealed data key, first start). Writes only if absent; answers what is there now. */
  putIfAbsent(name: string, value: string): Promise<string>;
  /** Replaces a note that is still as it was; false, and nothing changed, where it is not. */
  replaceNote(name: string, before: string, after: string): Promise<boolean>;
  /** The note by that name; null where there is none. */
  findNote(name: string): Promise<string | null>;
}
