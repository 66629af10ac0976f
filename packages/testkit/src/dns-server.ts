import { createSocket } from "node:dgram";

/** What a name server answers: addresses, a name that stands for it, no such name, a failure, or nothing at all. */
export type DnsAnswer = readonly string[] | { readonly cname: string } | "no such name" | "failure" | "silence";

/** One question as it arrived. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: "A" | "AAAA";
  /** 1, 2, 3… for this name and type. */
  readonly count: number;
}

/** A real name server (UDP) that answers by a script. Every answer is good for 0 seconds. */
export interface DnsServer {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly questions: readonly DnsQuestion[];
  close(): Promise<void>;
}

const TYPES = new Map<number, DnsQuestion["type"]>([
  [1, "A"],
  [28, "AAAA"],
]);
const NO_ERROR = 0;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;
const HEADER_BYTES = 12;

export async function startDnsServer(answer: (question: DnsQuestion) => DnsAnswer): Promise<DnsServer> {
  const questions: DnsQuestion[] = [];
  const counts = new Map<string, number>();
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, end } = readName(query, HEADER_BYTES);
    const type = TYPES.get(query.readUInt16BE(end));
    if (type === undefined) {
      socket.send(reply(query, end + 4, NO_ERROR, []), from.port, from.address);
      return;
    }
    const count = (counts.get(`${type} ${name}`) ?? 0) + 1;
    counts.set(`${type} ${name}`, count);
    const question = { name, type, count };
    questions.push(question);
    const given = answer(question);
    if (given === "silence") return;
    const code = given === "failure" ? SERVER_FAILURE : given === "no such name" ? NO_SUCH_NAME : NO_ERROR;
    socket.send(reply(query, end + 4, code, recordsOf(question, given, answer)), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  const { port } = socket.address();
  return {
    address: `127.0.0.1:${port}`,
    questions,
    close: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}

interface DnsRecord {
  readonly name: string;
  readonly type: number;
  readonly content: Buffer;
}

/** The records of an answer; behind a CNAME those of what it stands for, as a resolving server gives them. */
function recordsOf(question: DnsQuestion, given: DnsAnswer, answer: (question: DnsQuestion) => DnsAnswer): DnsRecord[] {
  const { name, type } = question;
  if (typeof given === "string") return [];
  if ("cname" in given) {
    const target = { ...question, name: given.cname };
    return [{ name, type: 5, content: writeName(given.cname) }, ...recordsOf(target, answer(target), answer)];
  }
  return given
    .filter((address) => address.includes(":") === (type === "AAAA"))
    .map((address) => ({ name, type: type === "A" ? 1 : 28, content: addressBytes(address) }));
}

function reply(query: Buffer, questionEnd: number, code: number, records: readonly DnsRecord[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  // An answer, recursion wanted and available.
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const written = records.map(({ name, type, content }) => {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(type, 0);
    fixed.writeUInt16BE(1, 2);
    fixed.writeUInt16BE(content.length, 8);
    return Buffer.concat([writeName(name), fixed, content]);
  });
  return Buffer.concat([header, query.subarray(HEADER_BYTES, questionEnd), ...written]);
}

function readName(bytes: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}

function writeName(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of all.entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}
