import { closeSync, fchmodSync, fsyncSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a secret into a file of its own (0600) and returns once it is on the disk, its name as well. What is sealed with a key is synced
 * with every commit: a key that a power cut takes back would take all of it along.
 */
export function writeSecretFile(path: string, secret: string, options: { readonly isNew: boolean }): void {
  const file = openSync(path, options.isNew ? "wx" : "w", 0o600);
  try {
    fchmodSync(file, 0o600);
    writeSync(file, `${secret}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
