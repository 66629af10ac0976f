import { connect } from "node:net";

/** One answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How long a server may be quiet before its silence counts as an answer, ms. */
const QUIET_MS = 60;

/**
 * Writes pieces, each on its own. Answers all bytes that came back: once these are so many answers, or the server closed the connection;
 * without a number, once the server has been quiet for a moment.
 */
export function exchange(origin: string, pieces: readonly (Buffer | string)[], answers: number | null = null): Promise<Buffer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => write(0));
    let quiet: NodeJS.Timeout | null = null;
    const finish = (): void => {
      if (quiet !== null) clearTimeout(quiet);
      socket.destroy();
      resolve(Buffer.concat(chunks));
    };
    const wait = (): void => {
      if (answers !== null) return;
      if (quiet !== null) clearTimeout(quiet);
      quiet = setTimeout(finish, QUIET_MS);
    };
    const write = (index: number): void => {
      const piece = pieces[index];
      if (piece === undefined) wait();
      else if (socket.writable)
        socket.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece, () => setImmediate(write, index + 1));
    };
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      wait();
      if (answers !== null && countAnswers(Buffer.concat(chunks)) >= answers) finish();
    });
    // A server that has said no may close while more is on its way; whatever it said counts.
    socket.on("error", (error: NodeJS.ErrnoException) => (["ECONNRESET", "EPIPE"].includes(error.code ?? "") ? undefined : reject(error)));
    socket.on("close", finish);
  });
}

function countAnswers(bytes: Buffer): number {
  const text = bytes.toString("latin1");
  // The last one may still be on its way.
  return (
    readAnswers(bytes.subarray(0, text.lastIndexOf("HTTP/1.1 "))).length + (isWhole(text.slice(text.lastIndexOf("HTTP/1.1 "))) ? 1 : 0)
  );
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  return end >= 0 && !text.startsWith("HTTP/1.1 1") && text.length >= end + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
}

/** Cuts what came back into answers; throws where it is no HTTP. */
export function readAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes.toString("latin1");
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    const head = rest.slice(0, end);
    const status = /^HTTP\/1\.1 (\d{3}) [^\r\n]*(?:\r\n|$)/.exec(head)?.[1];
    if (end < 0 || status === undefined) throw new Error(`no answer: ${JSON.stringify(rest.slice(0, 200))}`);
    const headers = Object.fromEntries(
      head
        .split("\r\n")
        .slice(1)
        .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    rest = rest.slice(end + 4);
    if (status.startsWith("1")) continue;
    const length = Number(headers["content-length"] ?? 0);
    answers.push({ status: Number(status), headers, body: rest.slice(0, length) });
    rest = rest.slice(length);
  }
  return answers;
}
