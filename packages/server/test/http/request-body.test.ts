import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ApiError } from "../../src/http/api-error.ts";
import { BodyBudget, readBody } from "../../src/http/request-body.ts";

const HEAD = "POST / HTTP/1.1\r\nHost: a\r\n";

/** A request as it comes in over a real connection, of which these bytes have been sent. */
async function begun(
  bytes: string,
): Promise<{ readonly socket: Socket; readonly request: IncomingMessage; readonly response: ServerResponse }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => socket.write(bytes));
  stop = () => {
    socket.destroy();
    server.close();
  };
  const [request, response] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
  return { socket, request, response };
}
let stop: () => void = () => undefined;
afterEach(() => stop());

const codeOf = (error: unknown): string => (error instanceof ApiError ? error.error.code : String(error));

test("a body is the bytes that were sent, in however many pieces they came", async () => {
  const { socket, request } = await begun(`${HEAD}Content-Length: 9\r\n\r\none`);
  const body = readBody(request, 9);
  request.once("data", () => socket.write("two", () => socket.write("six")));
  expect((await body).toString()).toBe("onetwosix");
});

test("an empty body is no bytes", async () => {
  const { request } = await begun(`${HEAD}\r\n`);
  expect(await readBody(request, 9)).toHaveLength(0);
});

test("a body that announces no length is refused where it grows over the limit, and the refusal reaches the caller", async () => {
  const { socket, request, response } = await begun(`${HEAD}Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n`);
  const error: unknown = await readBody(request, 9).catch((reason: unknown) => reason);
  expect(codeOf(error)).toBe("body_too_large");
  response.writeHead(413, { Connection: "close" }).end();
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
});

test("whoever leaves in the middle of a body is not waited for, before the reading or during it", async () => {
  const first = await begun(`${HEAD}Content-Length: 9\r\n\r\none`);
  const reading = readBody(first.request, 9).catch(codeOf);
  first.request.once("data", () => first.socket.destroy());
  expect(await reading).toBe("malformed_json");
  expect(await readBody(first.request, 9).catch(codeOf)).toBe("malformed_json");
});

test("bytes count against what all bodies may take while they are worked on, and not when there is no room for them", async () => {
  const { socket, request } = await begun(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n`);
  const budget = new BodyBudget();
  budget.open().take(268_435_456 - 4);
  const account = budget.open();
  request.once("data", () => socket.write("3\r\ntwo\r\n0\r\n\r\n"));
  expect(await readBody(request, 9, account).catch(codeOf)).toBe("overloaded");
  account.giveAll();
  expect(() => budget.open().take(4)).not.toThrow();
});
