/** What went wrong with an attempt that got no usable answer: `error` of an attempt and `lastError` of a delivery. */
export const ATTEMPT_ERRORS = {
  dns_failed: "The host name could not be resolved.",
  address_refused: "The address resolves to a network that deliveries may not go to.",
  connect_failed: "No connection could be made: refused, unreachable or reset while connecting.",
  tls_failed: "The TLS handshake failed: certificate, name, or protocol version.",
  timeout: "The answer was not complete within the deadline.",
  connection_lost: "The connection ended before the answer was complete.",
  malformed_response: "What came back is not HTTP/1.1.",
  headers_too_large: "The answer's headers are larger than allowed.",
  upgrade_refused: "The endpoint answered 101 Switching Protocols.",
  internal_error: "The attempt failed on our side; it says nothing about the endpoint.",
} as const;

export type AttemptErrorWord = keyof typeof ATTEMPT_ERRORS;
