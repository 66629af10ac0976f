import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A span as it came over the wire. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly statusCode: number;
  readonly service: unknown;
}

/** A collector that takes OTLP traces as protobuf over HTTP, and reads just that (opentelemetry-proto 1.x, trace.proto). */
export class OtlpCollector {
  readonly spans: ReceivedSpan[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const isRight = request.url === "/v1/traces" && request.headers["content-type"] === "application/x-protobuf";
        if (isRight) this.spans.push(...spansOf(Buffer.concat(chunks)));
        response.writeHead(isRight ? 200 : 404, { "Content-Type": "application/x-protobuf" }).end();
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
  readonly value: bigint;
}

/** The fields of one protobuf value. */
function* fieldsOf(bytes: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const cut = (length: number): Buffer => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const key = Number(varint());
    const [number, wire] = [key >>> 3, key & 7];
    if (wire === 0) yield { number, bytes: Buffer.alloc(0), value: varint() };
    else if (wire === 1) yield { number, bytes: cut(8), value: 0n };
    else if (wire === 2) yield { number, bytes: cut(Number(varint())), value: 0n };
    else if (wire === 5) yield { number, bytes: cut(4), value: 0n };
    else throw new Error(`wire type ${wire}`);
  }
}

const all = (bytes: Buffer, number: number): Field[] => [...fieldsOf(bytes)].filter((field) => field.number === number);
const first = (bytes: Buffer, number: number): Field => all(bytes, number)[0] ?? { number, bytes: Buffer.alloc(0), value: 0n };

function spansOf(request: Buffer): ReceivedSpan[] {
  return all(request, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(all(first(resourceSpans.bytes, 1).bytes, 1));
    return all(resourceSpans.bytes, 2).flatMap((scopeSpans) =>
      all(scopeSpans.bytes, 2).map(({ bytes }) => ({
        traceId: first(bytes, 1).bytes.toString("hex"),
        spanId: first(bytes, 2).bytes.toString("hex"),
        parentSpanId: first(bytes, 4).bytes.toString("hex"),
        name: first(bytes, 5).bytes.toString(),
        kind: Number(first(bytes, 6).value),
        attributes: attributesOf(all(bytes, 9)),
        statusCode: Number(first(first(bytes, 15).bytes, 3).value),
        service: resource["service.name"],
      })),
    );
  });
}

function attributesOf(fields: readonly Field[]): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ bytes }) => [first(bytes, 1).bytes.toString(), valueOf(first(bytes, 2).bytes)]));
}

function valueOf(bytes: Buffer): unknown {
  const [field] = fieldsOf(bytes);
  if (field?.number === 1) return field.bytes.toString();
  if (field?.number === 2) return field.value === 1n;
  return field?.number === 3 ? Number(field.value) : null;
}
