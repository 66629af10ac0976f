import { createHash, timingSafeEqual } from "node:crypto";

/** Whether two secrets, or hashes of secrets, are the same, in a time that says neither how far nor how long they are. Nothing else compares secrets. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
