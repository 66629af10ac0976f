import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { API_HEADERS, errorBody, statusOf, type ErrorCode } from "@genhook/contract";

/** What Node could not read as a request gets an answer in the contract's shape too; then the connection ends. */
export function answerUnreadable(error: Error, socket: Duplex): void {
  const cause = "code" in error ? error.code : "";
  if (cause === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, message] = describe(cause);
  const status = statusOf(code);
  const body = JSON.stringify(errorBody({ code, message }));
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "Connection: close",
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
      `${API_HEADERS.requestId}: ${randomUUID()}`,
      "",
      body,
    ].join("\r\n"),
  );
}

function describe(cause: unknown): readonly [ErrorCode, string] {
  switch (cause) {
    case "HPE_HEADER_OVERFLOW":
      return ["headers_too_large", "The request's headers are larger than 16 KiB."];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["request_timeout", "The request did not arrive in time."];
    default:
      return ["malformed_request", "This is not an HTTP/1.1 request."];
  }
}
