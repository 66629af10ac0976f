/** Bytes kept of an answer's headers and body, and bytes of body after which an answer counts as complete (contract sections 4 and 9). */
export const HEADERS_KEPT_BYTES = 2_048;
export const BODY_KEPT_BYTES = 4_096;
export const BODY_READ_BYTES = 65_536;

/** Values that must not stand in a log: they are somebody's credentials. */
const MASKED: ReadonlySet<string> = new Set(["set-cookie", "authorization", "proxy-authorization", "cookie", "www-authenticate"]);

/** An answer's headers as `name: value` lines, masked, cut at a line that would not fit. Takes the lines as they came. */
export function keptHeaders(lines: readonly string[]): string {
  let kept = "";
  for (const each of lines) {
    const colon = each.indexOf(":");
    const name = each.slice(0, colon).toLowerCase();
    const line = `${name}: ${MASKED.has(name) ? "(masked)" : printable(each.slice(colon + 1)).trim()}\n`;
    if (kept.length + line.length > HEADERS_KEPT_BYTES) break;
    kept += line;
  }
  return kept.trimEnd();
}

/** Collects the first bytes of a body, without keeping the chunks that they came in. */
export class BodyStart {
  #kept: Buffer | null = null;
  #length = 0;
  /** All bytes seen, kept or not. */
  seen = 0;

  add(chunk: Buffer): void {
    this.seen += chunk.length;
    const room = BODY_KEPT_BYTES - this.#length;
    if (room <= 0) return;
    const taken = chunk.subarray(0, room);
    if (this.#kept === null && taken.length === chunk.length) {
      this.#kept = Buffer.from(taken);
    } else {
      this.#kept = Buffer.concat([this.#kept ?? EMPTY, taken]);
    }
    this.#length = this.#kept.length;
  }

  get bytes(): Uint8Array {
    return this.#kept ?? EMPTY;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\x00-\x1f\x7f]/g, " ");
}
