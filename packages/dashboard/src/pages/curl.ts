import type { AttemptEntry } from "@genhook/contract/client";

/** Headers that curl writes by itself. */
const OWN: ReadonlySet<string> = new Set(["host", "content-length", "connection", "transfer-encoding"]);

/** The attempt's request as a command for a shell. */
export function curlOf(attempt: AttemptEntry, body: string): string {
  const headers = Object.entries(attempt.requestHeaders ?? {})
    .filter(([name]) => !OWN.has(name.toLowerCase()))
    .map(([name, value]) => `  -H ${quote(`${name}: ${String(value)}`)}`);
  return [`curl -i -X POST ${quote(attempt.address)}`, ...headers, `  --data-raw ${quote(body)}`].join(" \\\n");
}

/** In single quotes nothing is special but the quote itself. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
