import { usage } from "../cli-error.ts";

/** A request as it was caught. */
export interface CaughtRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | null;
}

/**
 * Headers as people have them: `Name: value` lines (curl's `> ` and `< ` in front do no harm), or a JSON object of names and values (lists
 * of values too). A request line and anything behind an empty line are passed over.
 */
export function readHeaders(text: string, where: string): Record<string, string> {
  if (text.trimStart().startsWith("{")) return readJsonHeaders(text, where);
  const headers: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const bare = line.replace(/^[<>] ?/, "");
    if (bare.trim() === "") {
      if (Object.keys(headers).length > 0) break;
      continue;
    }
    const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(bare);
    if (match !== null) headers[(match[1] ?? "").toLowerCase()] = match[2] ?? "";
    else if (!/^[A-Z]+ \S+ HTTP\/|^HTTP\//.test(bare)) throw usage(`${where} has a line that is no header: "${bare.slice(0, 60)}".`);
  }
  return headers;
}

function readJsonHeaders(text: string, where: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usage(`${where} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const headers: Record<string, string> = {};
  for (const [name, each] of Object.entries(value as Record<string, unknown>)) {
    headers[name.toLowerCase()] = Array.isArray(each) ? each.join(", ") : String(each);
  }
  return headers;
}

/** A whole HTTP/1.1 request in one file: headers, an empty line, the body's bytes. */
export function readRequest(bytes: Uint8Array, where: string): CaughtRequest {
  const buffer = Buffer.from(bytes);
  const crlf = buffer.indexOf("\r\n\r\n");
  const lf = buffer.indexOf("\n\n");
  const [end, gap] = crlf >= 0 && (lf < 0 || crlf < lf) ? [crlf, 4] : [lf, 2];
  if (end < 0) throw usage(`${where} has no empty line between headers and body.`);
  return { headers: readHeaders(buffer.subarray(0, end).toString("latin1"), where), body: new Uint8Array(buffer.subarray(end + gap)) };
}
