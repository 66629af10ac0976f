import { isNameServer } from "../send/dns-resolve.ts";
import { TRUST_WORDS } from "../http/caller-url.ts";
import { parseBlock } from "../send/ip-ranges.ts";

/** What a setting's text may be. */
export type SettingKind =
  | { readonly type: "text"; readonly pattern?: RegExp; readonly expected?: string }
  | { readonly type: "integer"; readonly min: number; readonly max: number }
  | { readonly type: "duration"; readonly minMs: number; readonly maxMs: number }
  | { readonly type: "durations"; readonly entriesMax: number; readonly maxMs: number }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  /** Entries with commas between. */
  | { readonly type: "list"; readonly isEntry: (text: string) => boolean; readonly expected: string }
  | { readonly type: "switch" };

/** One row: the flag, its environment twin, what is allowed, the default, and what it is for. Everything else is derived from these. */
export interface Setting {
  readonly flag: string;
  readonly environment: string;
  readonly kind: SettingKind;
  readonly default: string | null;
  readonly description: string;
  readonly isSecret?: boolean;
}

const DAY_MS = 86_400_000;
const POSTGRES_URL = /^postgres(ql)?:\/\/[^\s]+$/;

/** The one table of settings, in the order in which they are shown. */
export const SETTINGS = {
  host: { flag: "host", environment: "GENHOOK_HOST", kind: { type: "text" }, default: "127.0.0.1", description: "Address to listen on." },
  port: {
    flag: "port",
    environment: "GENHOOK_PORT",
    kind: { type: "integer", min: 0, max: 65_535 },
    default: "8080",
    description: "Port to listen on; 0 takes a free one.",
  },
  platformPort: {
    flag: "platform-port",
    environment: "GENHOOK_PLATFORM_PORT",
    kind: { type: "integer", min: 0, max: 65_535 },
    default: null,
    description:
      "Port of its own for the platform API, the operators' portal, /healthz, /readyz, /metrics and /docs; --port then serves what apps and their developers use.",
  },
  data: {
    flag: "data",
    environment: "GENHOOK_DATA",
    kind: { type: "text" },
    default: "./genhook-data",
    description: "Folder of the embedded store's file; not used with --database.",
  },
  database: {
    flag: "database",
    environment: "GENHOOK_DATABASE",
    kind: { type: "text", pattern: POSTGRES_URL, expected: "a URL such as postgres://user:password@host:5432/genhook" },
    default: null,
    description: "PostgreSQL database (15 to 18) instead of the embedded store: any number of processes on it are one Genhook.",
    isSecret: true,
  },
  hintsDatabase: {
    flag: "hints-database",
    environment: "GENHOOK_HINTS_DATABASE",
    kind: { type: "text", pattern: POSTGRES_URL, expected: "a URL such as postgres://user:password@host:5432/genhook" },
    default: null,
    description: "The same database past a transaction pooler, where --database leads through one: for what processes tell each other.",
    isSecret: true,
  },
  role: {
    flag: "role",
    environment: "GENHOOK_ROLE",
    kind: { type: "choice", choices: ["all", "api", "deliver"] },
    default: "all",
    description: "What this process does: answer the APIs, deliver, or both. With --database only.",
  },
  attemptTimeout: {
    flag: "attempt-timeout",
    environment: "GENHOOK_ATTEMPT_TIMEOUT",
    kind: { type: "duration", minMs: 50, maxMs: 120_000 },
    default: "5s",
    description: "One clock over name look-up, connecting, TLS, headers and body of an attempt.",
  },
  retryWaits: {
    flag: "retry-waits",
    environment: "GENHOOK_RETRY_WAITS",
    kind: { type: "durations", entriesMax: 7, maxMs: 7 * DAY_MS },
    default: "10s,30s,2m,10m,30m,1h,2h",
    description: "Waits after the first, second, … failed attempt, each ±20 %. Attempts are entries + 1.",
  },
  retention: {
    flag: "retention",
    environment: "GENHOOK_RETENTION",
    kind: { type: "duration", minMs: DAY_MS, maxMs: 3_650 * DAY_MS },
    default: "30d",
    description: "How long events and attempts are kept, counted from the publish, by whole days.",
  },
  grace: {
    flag: "grace",
    environment: "GENHOOK_GRACE",
    kind: { type: "duration", minMs: 0, maxMs: 600_000 },
    default: "25s",
    description: "How long a stop waits for attempts in flight before it cuts them off.",
  },
  allowPrivateAddresses: {
    flag: "allow-private-addresses",
    environment: "GENHOOK_ALLOW_PRIVATE_ADDRESSES",
    kind: { type: "switch" },
    default: null,
    description: "Lets webhooks use http: and private addresses. For development; announced loudly at start.",
  },
  refusedNetworks: {
    flag: "refused-networks",
    environment: "GENHOOK_REFUSED_NETWORKS",
    kind: { type: "list", isEntry: (text) => parseBlock(text) !== null, expected: "networks such as 198.51.100.0/24 with commas between" },
    default: null,
    description: "Networks that deliveries may not go to, beside the special ones: your own public addresses, the prefix of your NAT64.",
  },
  dnsServers: {
    flag: "dns-servers",
    environment: "GENHOOK_DNS_SERVERS",
    kind: { type: "list", isEntry: isNameServer, expected: "name servers such as 192.0.2.53 or 192.0.2.53:5353 with commas between" },
    default: null,
    description: "Name servers that endpoints are looked up at; the machine's where not given.",
  },
  publicUrl: {
    flag: "public-url",
    environment: "GENHOOK_PUBLIC_URL",
    kind: { type: "text", pattern: /^https?:\/\/[^\s/?#]+\/?$/, expected: "an origin such as https://hooks.example.com" },
    default: null,
    description:
      "Where this server is reached from outside: for links, where the caller used no shop's own domain, and in the API document.",
  },
  trustProxy: {
    flag: "trust-proxy",
    environment: "GENHOOK_TRUST_PROXY",
    kind: {
      type: "list",
      isEntry: (text) => Object.hasOwn(TRUST_WORDS, text) || parseBlock(text) !== null,
      expected: "addresses or networks with commas between, or the words loopback and private",
    },
    default: null,
    description: "Proxies in front of this server whose X-Forwarded-Host, -Proto and -For count; from anyone else they are ignored.",
  },
  egressProxy: {
    flag: "egress-proxy",
    environment: "GENHOOK_EGRESS_PROXY",
    kind: { type: "text", pattern: /^https?:\/\/([^\s/@]+@)?[^\s/?#@]+\/?$/, expected: "an address such as http://proxy.internal:3128" },
    default: null,
    description: "HTTP proxy that all deliveries go through (CONNECT). It resolves the names, so it must refuse private networks itself.",
    isSecret: true,
  },
  caFile: {
    flag: "ca-file",
    environment: "GENHOOK_CA_FILE",
    kind: { type: "text" },
    default: null,
    description: "PEM file with further certificate authorities that endpoints may use, beside the usual ones.",
  },
  topics: {
    flag: "topics",
    environment: "GENHOOK_TOPICS",
    kind: { type: "text" },
    default: null,
    description: "JSON file with topics of your own, beside the built-in ones.",
  },
  portalName: {
    flag: "portal-name",
    environment: "GENHOOK_PORTAL_NAME",
    kind: { type: "text", pattern: /^\S(.{0,38}\S)?$/u, expected: "1 to 40 characters" },
    default: "Genhook",
    description: "What the portal calls itself.",
  },
  portalColor: {
    flag: "portal-color",
    environment: "GENHOOK_PORTAL_COLOR",
    kind: { type: "text", pattern: /^#[0-9a-fA-F]{6}$/, expected: "# and six hex digits, such as #0a7c66" },
    default: null,
    description: "The portal's colour for buttons and links; it is darkened or lightened where text would be hard to read.",
  },
  portalLogo: {
    flag: "portal-logo",
    environment: "GENHOOK_PORTAL_LOGO",
    kind: { type: "text" },
    default: null,
    description: "A PNG, JPEG, WebP or SVG file of at most 64 KiB, shown before the portal's name.",
  },
  platformKey: {
    flag: "platform-key",
    environment: "GENHOOK_PLATFORM_KEY",
    kind: { type: "text", pattern: /^[\x21-\x7e]{32,255}$/, expected: "32 to 255 printable characters" },
    default: null,
    description: "The first platform key. Without it one is made at the first start and printed once.",
    isSecret: true,
  },
  sealingKey: {
    flag: "sealing-key",
    environment: "GENHOOK_SEALING_KEY",
    kind: { type: "text" },
    default: null,
    description: "32 bytes, hex or base64: seals secrets at rest. Made beside the data file when neither this nor a file is given.",
    isSecret: true,
  },
  oldSealingKey: {
    flag: "old-sealing-key",
    environment: "GENHOOK_OLD_SEALING_KEY",
    kind: { type: "text" },
    default: null,
    description: "The sealing key that is being replaced, for the first start with the new one.",
    isSecret: true,
  },
  oldSealingKeyFile: {
    flag: "old-sealing-key-file",
    environment: "GENHOOK_OLD_SEALING_KEY_FILE",
    kind: { type: "text" },
    default: null,
    description: "File that holds the sealing key that is being replaced.",
  },
  sealingKeyFile: {
    flag: "sealing-key-file",
    environment: "GENHOOK_SEALING_KEY_FILE",
    kind: { type: "text" },
    default: null,
    description: "File that holds the sealing key.",
  },
  keepResponses: {
    flag: "keep-responses",
    environment: "GENHOOK_KEEP_RESPONSES",
    kind: { type: "choice", choices: ["failures", "all", "none"] },
    default: "failures",
    description: "Whose response headers and bodies are kept in the attempt log.",
  },
  webhookId: {
    flag: "webhook-id",
    environment: "GENHOOK_WEBHOOK_ID",
    kind: { type: "choice", choices: ["number", "uuid"] },
    default: "number",
    description: "What X-Genstore-Webhook-Id carries: the webhook's id, or its UUID.",
  },
  checkPayloads: {
    flag: "check-payloads",
    environment: "GENHOOK_CHECK_PAYLOADS",
    kind: { type: "choice", choices: ["on", "off"] },
    default: "on",
    description: "Whether a payload must fit its topic's schema to be published.",
  },
  smtpUrl: {
    flag: "smtp-url",
    environment: "GENHOOK_SMTP_URL",
    kind: { type: "text", pattern: /^smtps?:\/\/[^\s/]+\/?$/, expected: "a mail server such as smtps://user:password@mail.example.com" },
    default: null,
    description: "Mail server for notices to the apps' contacts; without it nobody is mailed. Goes with --mail-from.",
    isSecret: true,
  },
  mailFrom: {
    flag: "mail-from",
    environment: "GENHOOK_MAIL_FROM",
    kind: {
      type: "text",
      pattern: /^(?:[^<>@\r\n]{1,100}<[^<>@\s,]{1,64}@[^<>@\s,]{1,190}>|[^<>@\s,]{1,64}@[^<>@\s,]{1,190})$/,
      expected: "an e-mail address such as hooks@example.com, or Hooks <hooks@example.com>",
    },
    default: null,
    description: "Sender of those mails.",
  },
  concurrency: {
    flag: "concurrency",
    environment: "GENHOOK_CONCURRENCY",
    kind: { type: "integer", min: 1, max: 10_000 },
    default: "512",
    description: "Attempts in flight at once, over all endpoints.",
  },
  endpointConcurrency: {
    flag: "endpoint-concurrency",
    environment: "GENHOOK_ENDPOINT_CONCURRENCY",
    kind: { type: "integer", min: 1, max: 1_000 },
    default: "100",
    description: "Ceiling of attempts in flight to one endpoint; what it takes is learned below that.",
  },
  sendThreads: {
    flag: "send-threads",
    environment: "GENHOOK_SEND_THREADS",
    kind: { type: "integer", min: 0, max: 32 },
    default: null,
    description:
      "Threads that hold the connections to endpoints; 0 leaves them to the main thread. Left out: by the cores, none below 4, then 1 for 4, 2 for 6, 3 for 8, 4 from 10 on.",
  },
  traces: {
    flag: "traces",
    environment: "GENHOOK_TRACES",
    kind: { type: "text", pattern: /^https?:\/\/[^\s?#]+$/, expected: "an address such as http://localhost:4318" },
    default: null,
    description:
      "OpenTelemetry collector (OTLP over HTTP) that traces go to. The standard OTEL_… variables do as well; without either nothing is traced.",
  },
  sendTraceparent: {
    flag: "send-traceparent",
    environment: "GENHOOK_SEND_TRACEPARENT",
    kind: { type: "switch" },
    default: null,
    description:
      "Sends traceparent with the attempts of events that belong to a trace. Endpoints are told of your traces: off unless asked for.",
  },
  logLevel: {
    flag: "log-level",
    environment: "GENHOOK_LOG_LEVEL",
    kind: { type: "choice", choices: ["debug", "info", "warn", "error", "silent"] },
    default: "info",
    description: "Least important lines that are logged.",
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
