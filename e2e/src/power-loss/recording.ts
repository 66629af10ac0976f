import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One thing that was done to the files of a folder. `atNs`: on the monotonic clock, before it was begun. */
export type Step = { readonly atNs: bigint; readonly name: string } & (
  | { readonly kind: "created" | "synced" | "removed" }
  | { readonly kind: "written"; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: "cut"; readonly length: number }
  | { readonly kind: "moved"; readonly to: string }
);

const HEAD_BYTES = 28;

/** Builds the library that records; needs a C compiler. */
export function buildRecorder(folder: string): string {
  const library = join(folder, "record-writes.so");
  const source = fileURLToPath(new URL("./record-writes.c", import.meta.url));
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-Wall", "-o", library, source, "-ldl"], { stdio: "pipe" });
  return library;
}

/** What a server's environment needs so that all it does to a folder's files is recorded in `to`. */
export function recording(library: string, folder: string, to: string): Readonly<Record<string, string>> {
  return { LD_PRELOAD: library, GENHOOK_TEST_RECORD_FOLDER: folder, GENHOOK_TEST_RECORD_TO: join(to, "steps"), UV_USE_IO_URING: "0" };
}

/** What was recorded, in the order in which it was done. The record's last step may be cut off by a kill. */
export function readSteps(to: string): readonly Step[] {
  const files = readdirSync(to).map((name) => readFileSync(join(to, name)));
  const [bytes, ...others] = files.filter(({ length }) => length > 0);
  if (bytes === undefined || others.length > 0) throw new Error("one process should have written into the folder");
  const steps: Step[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const [kind, nameLength, length] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8)];
    const [atNs, offset] = [bytes.readBigUInt64LE(at + 12), Number(bytes.readBigUInt64LE(at + 20))];
    const nameEnd = at + HEAD_BYTES + nameLength;
    if (nameEnd + length > bytes.length) break;
    const name = bytes.toString("utf8", at + HEAD_BYTES, nameEnd);
    steps.push(toStep(kind, { atNs, name }, offset, bytes.subarray(nameEnd, nameEnd + length)));
    at = nameEnd + length;
  }
  return steps;
}

function toStep(kind: number, what: { readonly atNs: bigint; readonly name: string }, offset: number, content: Buffer): Step {
  switch (kind) {
    case 1:
      return { ...what, kind: "created" };
    case 2:
      return { ...what, kind: "written", offset, bytes: content };
    case 3:
      return { ...what, kind: "cut", length: offset };
    case 4:
      return { ...what, kind: "synced" };
    case 5:
      return { ...what, kind: "removed" };
    case 6:
      return { ...what, kind: "moved", to: content.toString("utf8") };
    default:
      throw new Error(`an unknown kind of step: ${kind}`);
  }
}
