import type { AppAccess } from "../domain/app-access.ts";
import type { AuditRecord } from "./directory-store.ts";
import type { Turn } from "./turn.ts";

/** What was found, and the directory's version, read now: a change made before this call, at whatever process, is known to it. */
export interface FoundAccess {
  readonly access: AppAccess | null;
  readonly version: number;
}

/** Tokens, sessions and links of app-wide access: written when they are given and when they end, looked up on every call. */
export interface AppAccesses {
  /** Keeps a new one; the record is written in the same transaction. Some that ended before `forgetBefore` (ms) are removed. */
  add(access: AppAccess, audit: AuditRecord, forgetBefore: number): Promise<void>;
  /** Changes it if it has that revision now, to the next one; false, and nothing written, where somebody was faster. */
  replace(access: AppAccess, expectedRevision: number, audit: AuditRecord): Promise<boolean>;
  find(id: string): Promise<FoundAccess>;
  /** By the token's SHA-256, 64 hex digits. */
  findByToken(tokenHash: string): Promise<FoundAccess>;
  /** Links, newest first; of one app, or of all. */
  listLinks(app: number | null, turn: Turn<string>, limit: number): Promise<readonly AppAccess[]>;
}
