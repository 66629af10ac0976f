import { ATTEMPT_ERRORS, type AttemptErrorWord } from "./attempt-errors.ts";

/** What is known of an attempt, as the API gives it. */
export interface AttemptFacts {
  readonly status?: number | null;
  readonly error?: string | null;
  readonly responseHeaders?: Readonly<Record<string, unknown>> | null;
}

/** An attempt in words: what happened, and what whoever runs the endpoint can do about it. */
export interface AttemptExplanation {
  readonly happened: string;
  readonly advice: string | null;
}

const ERROR_ADVICE: Readonly<Record<AttemptErrorWord, string | null>> = {
  dns_failed: "Check the host name of the address, and that its DNS records are public.",
  address_refused: "Deliveries go to public addresses only; use a host that resolves to one.",
  connect_failed: "Check that the server runs, that it listens on this port, and that no firewall is in the way.",
  tls_failed: "Check the certificate: its name, its dates, the whole chain; TLS 1.2 or newer.",
  timeout: "Answer 2xx at once and do the work afterwards.",
  connection_lost: "The server or a proxy closed the connection early: look at its log and limits.",
  malformed_response: "Check that an HTTP/1.1 server listens there, not another protocol.",
  headers_too_large: "Send fewer or shorter response headers.",
  upgrade_refused: "Answer the POST itself; there is nothing to upgrade to.",
  internal_error: null,
};

const STATUS_ADVICE: Readonly<Record<number, string>> = {
  400: "The endpoint could not read the request: look at what it expects of the body.",
  401: "The endpoint refused the request as not genuine: does it check with the app's current secret, over the raw body?",
  403: "Something refuses the request before the app sees it, or the app takes it for not genuine: look for a firewall rule or a CSRF check.",
  404: "There is no route at this path: check the address of the webhook.",
  405: "The path does not take POST: check the address of the webhook.",
  408: "The endpoint waited too long for the request: look at the proxy in front of it.",
  410: "The endpoint says that it is gone for good, so the webhook is disabled: resume it once the endpoint is back.",
  413: "The endpoint takes smaller bodies only: raise its limit to 1 MiB.",
  415: "The endpoint must take application/json.",
  422: "The endpoint refused the content: look at what it expects of the payload.",
  429: "The endpoint asks for fewer requests: deliveries to it are slowed down.",
};

/** Explains one attempt. */
export function explainAttempt(attempt: AttemptFacts): AttemptExplanation {
  const { status, error } = attempt;
  if (typeof error === "string") return explainError(error);
  if (typeof status !== "number") return { happened: "No attempt was made yet.", advice: null };
  if (status >= 200 && status <= 299) return { happened: `The endpoint answered ${status}: delivered.`, advice: null };
  if (status >= 300 && status <= 399) {
    const location = headerOf(attempt, "location");
    return {
      happened: `The endpoint answered ${status}, a redirect${location === null ? "" : ` to ${location}`}; redirects are never followed.`,
      advice: "Set the webhook's address to where it really is.",
    };
  }
  const retryAfter = status === 429 || status === 503 ? headerOf(attempt, "retry-after") : null;
  const asked = retryAfter === null ? "" : ` and asked to be left alone (Retry-After: ${retryAfter})`;
  return { happened: `The endpoint answered ${status}${asked}.`, advice: STATUS_ADVICE[status] ?? adviceForClass(status) };
}

function explainError(error: string): AttemptExplanation {
  if (!Object.hasOwn(ATTEMPT_ERRORS, error)) return { happened: `It failed: ${error}.`, advice: null };
  const word = error as AttemptErrorWord;
  return { happened: ATTEMPT_ERRORS[word], advice: ERROR_ADVICE[word] };
}

function adviceForClass(status: number): string | null {
  if (status === 502 || status === 504) return "The proxy in front of the app does not reach it: is the app running?";
  if (status === 503) return "The app is not available just now: is it starting, overloaded, or in maintenance?";
  if (status >= 500) return "The app failed: its own log says why.";
  return status >= 400 ? "The endpoint refused the request: its own log says why." : null;
}

function headerOf(attempt: AttemptFacts, name: string): string | null {
  for (const [key, value] of Object.entries(attempt.responseHeaders ?? {})) {
    if (key.toLowerCase() === name && typeof value === "string") return value;
  }
  return null;
}

/** Why a delivery is as it is, in words. */
const REASONS: Readonly<Record<string, string>> = {
  attempts_exhausted: "every attempt of the round failed",
  gone: "the endpoint answered 410 Gone, and the webhook was disabled",
  expired: "its time of retention passed while it was still owed",
  unsubscribed: "the webhook was deleted",
  uninstalled: "the app was uninstalled from the shop",
  scope_lost: "the app no longer has a scope that the topic needs",
  redacted: "the event's content was erased",
  waiting_for_key: "an earlier one of its order key is not through yet",
  available: "nothing is sent in pull mode; the event has its number and can be fetched by it",
  disabled: "the webhook was disabled after a 410 to another delivery",
};

export function explainReason(reason: string): string {
  return REASONS[reason] ?? reason;
}
