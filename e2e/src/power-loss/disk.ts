import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "./recording.ts";

/**
 * What a power cut leaves of what was not synced. `nothing`: the cache is gone. `everything`: the disk was ahead. `some`: any of it in any order, by
 * sectors, as caches write back; of files that were made, removed or renamed a beginning, as file systems log these in order.
 */
export type Left = "nothing" | "everything" | "some";

interface Change {
  readonly offset: number;
  /** Null: the file is cut to `offset`. */
  readonly bytes: Buffer | null;
}

/** A file: what is on the disk for certain, and what was done to it since it was last synced. */
class File {
  durable: Buffer;
  changes: Change[] = [];

  constructor(durable: Buffer) {
    this.durable = durable;
  }

  sync(): void {
    this.durable = apply(this.durable, this.changes);
    this.changes = [];
  }
}

type Naming = (names: Map<string, File>) => void;

const SECTOR_BYTES = 512;

/** The files of a folder with what of them would survive a power cut now. */
export class Disk {
  /** As programs see it. */
  readonly #names = new Map<string, File>();
  /** As the disk has it for certain, and what was done since the folder was last synced. */
  #durableNames = new Map<string, File>();
  #namings: Naming[] = [];
  /** Files that lie about being synced. */
  readonly #lies: (name: string) => boolean;

  /** Begins with what lies in the folder, synced. */
  constructor(folder: string, lies: (name: string) => boolean = () => false) {
    for (const name of readdirSync(folder)) this.#names.set(name, new File(readFileSync(join(folder, name))));
    this.#durableNames = new Map(this.#names);
    this.#lies = lies;
  }

  do(step: Step): void {
    const file = this.#names.get(step.name);
    switch (step.kind) {
      case "created": {
        const made = new File(Buffer.alloc(0));
        this.#rename((names) => names.set(step.name, made));
        break;
      }
      case "removed":
        this.#rename((names) => names.delete(step.name));
        break;
      case "moved":
        this.#rename((names) => {
          if (file !== undefined) names.set(step.to, file);
          names.delete(step.name);
        });
        break;
      case "written":
        file?.changes.push({ offset: step.offset, bytes: step.bytes });
        break;
      case "cut":
        file?.changes.push({ offset: step.length, bytes: null });
        break;
      case "synced":
        if (step.name === "") this.#syncNames();
        else if (!this.#lies(step.name)) file?.sync();
        break;
    }
  }

  /** Writes into a folder, emptied before, what a power cut now would leave. */
  cut(left: Left, random: () => number, folder: string): void {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
    const names = new Map(this.#durableNames);
    const namings =
      left === "nothing" ? 0 : left === "everything" ? this.#namings.length : Math.floor(random() * (this.#namings.length + 1));
    for (const naming of this.#namings.slice(0, namings)) naming(names);
    for (const [name, { durable, changes }] of names) {
      const kept = left === "nothing" ? [] : left === "everything" ? changes : scatter(changes, random);
      writeFileSync(join(folder, name), apply(durable, kept), { mode: 0o600 });
    }
  }

  #rename(naming: Naming): void {
    naming(this.#names);
    this.#namings.push(naming);
  }

  #syncNames(): void {
    for (const naming of this.#namings) naming(this.#durableNames);
    this.#namings = [];
  }
}

/** Some of the changes, each whole, not at all, or in part. */
function scatter(changes: readonly Change[], random: () => number): Change[] {
  const share = random();
  return changes.flatMap((change) => {
    if (random() > share) return [];
    const { bytes, offset } = change;
    if (bytes === null || random() < 0.7) return [change];
    const parts: Change[] = [];
    for (let from = 0; from < bytes.length; from += SECTOR_BYTES) {
      if (random() < 0.5) parts.push({ offset: offset + from, bytes: bytes.subarray(from, from + SECTOR_BYTES) });
    }
    return parts;
  });
}

function apply(before: Buffer, changes: readonly Change[]): Buffer {
  if (changes.length === 0) return before;
  const whole = changes.reduce((most, { offset, bytes }) => Math.max(most, offset + (bytes?.length ?? 0)), before.length);
  const content = Buffer.alloc(whole);
  before.copy(content);
  let length = before.length;
  for (const { offset, bytes } of changes) {
    if (bytes === null) {
      content.fill(0, Math.min(offset, length), length);
      length = offset;
    } else {
      bytes.copy(content, offset);
      length = Math.max(length, offset + bytes.length);
    }
  }
  return content.subarray(0, length);
}
