import { formatDuration, parseDuration } from "./duration.ts";
import { SETTINGS, type Setting, type SettingKind, type SettingName } from "./settings-table.ts";

/** Everything resolved, with units in the names, frozen: the only form in which settings go on from here. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly platformPort: number | null;
  readonly data: string;
  readonly database: string | null;
  readonly hintsDatabase: string | null;
  readonly role: "all" | "api" | "deliver";
  readonly attemptTimeoutMs: number;
  readonly retryWaitsMs: readonly number[];
  readonly retentionMs: number;
  readonly graceMs: number;
  readonly allowPrivateAddresses: boolean;
  readonly refusedNetworks: readonly string[] | null;
  readonly dnsServers: readonly string[] | null;
  readonly publicUrl: string | null;
  readonly trustProxy: readonly string[] | null;
  readonly egressProxy: string | null;
  readonly caFile: string | null;
  readonly topics: string | null;
  readonly portalName: string;
  readonly portalColor: string | null;
  readonly portalLogo: string | null;
  readonly platformKey: string | null;
  readonly sealingKey: string | null;
  readonly sealingKeyFile: string | null;
  readonly oldSealingKey: string | null;
  readonly oldSealingKeyFile: string | null;
  readonly keepResponses: "failures" | "all" | "none";
  readonly webhookId: "number" | "uuid";
  readonly checkPayloads: boolean;
  readonly smtpUrl: string | null;
  readonly mailFrom: string | null;
  readonly concurrency: number;
  readonly endpointConcurrency: number;
  /** Null: as many as suit the machine. */
  readonly sendThreads: number | null;
  readonly traces: string | null;
  readonly sendTraceparent: boolean;
  readonly logLevel: "debug" | "info" | "warn" | "error" | "silent";
}

export interface ResolvedSettings {
  readonly settings: Settings;
  /** `GENHOOK_…` variables that mean nothing here. */
  readonly unknownVariables: readonly string[];
}

export type SettingsResult = ({ readonly ok: true } & ResolvedSettings) | { readonly ok: false; readonly errors: readonly string[] };

type Value = string | number | boolean | readonly number[] | readonly string[] | null;
type Parsed = { readonly value: Value } | { readonly expected: string };

/** Flags by their name without dashes; a flag wins over its environment twin. Errors name the flag and say what is allowed. */
export function resolveSettings(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): SettingsResult {
  const errors: string[] = [];
  const values: Partial<Record<SettingName, Value>> = {};
  for (const [name, setting] of entries()) {
    const flag = flags[setting.flag];
    const fromEnvironment = environment[setting.environment];
    const source = flag === undefined && fromEnvironment !== undefined ? setting.environment : `--${setting.flag}`;
    const text = flag === undefined ? (fromEnvironment ?? setting.default) : String(flag);
    const parsed = text === null ? { value: setting.kind.type === "switch" ? false : null } : parse(setting.kind, text);
    if ("expected" in parsed) errors.push(`${source} must be ${parsed.expected}${setting.isSecret === true ? "" : `, not "${text}"`}.`);
    else values[name] = parsed.value;
  }
  if (((values.smtpUrl ?? null) === null) !== ((values.mailFrom ?? null) === null)) errors.push("--smtp-url and --mail-from go together.");
  if (values.platformPort !== null && values.platformPort !== 0 && values.platformPort === values.port) {
    errors.push("--platform-port must be another port than --port, or be left out.");
  }
  if (typeof values.database !== "string") {
    if (values.role !== "all") errors.push("--role needs --database: the embedded store has one process, which does everything.");
    if (typeof values.hintsDatabase === "string") errors.push("--hints-database needs --database.");
  }
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, settings: freeze(values), unknownVariables: unknownVariables(environment) };
}

function parse(kind: SettingKind, text: string): Parsed {
  switch (kind.type) {
    case "text":
      if (text === "" || text.includes("\0") || (kind.pattern !== undefined && !kind.pattern.test(text)))
        return { expected: kind.expected ?? "some text" };
      return { value: text };
    case "integer": {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= kind.min && value <= kind.max ? { value } : { expected: `a whole number from ${kind.min} to ${kind.max}` };
    }
    case "duration": {
      const value = parseDuration(text);
      if (value !== null && value >= kind.minMs && value <= kind.maxMs) return { value };
      return { expected: `a duration from ${formatDuration(kind.minMs)} to ${formatDuration(kind.maxMs)}, such as 5s (ms, s, m, h, d)` };
    }
    case "durations":
      return parseDurations(kind, text);
    case "choice":
      return kind.choices.includes(text) ? { value: text } : { expected: `one of ${kind.choices.join(", ")}` };
    case "list": {
      const entries = text.split(",").map((entry) => entry.trim());
      return entries.every(kind.isEntry) ? { value: Object.freeze(entries) } : { expected: kind.expected };
    }
    case "switch":
      if (["true", "1", "yes", "on"].includes(text)) return { value: true };
      return ["false", "0", "no", "off", ""].includes(text) ? { value: false } : { expected: "on or off" };
  }
}

function parseDurations(kind: Extract<SettingKind, { type: "durations" }>, text: string): Parsed {
  const expected = `at most ${kind.entriesMax} durations up to ${formatDuration(kind.maxMs)} with commas between, such as 10s,30s,2m (or "none")`;
  if (text === "" || text === "none") return { value: [] };
  const values = text.split(",").map(parseDuration);
  const isAllowed = values.length <= kind.entriesMax && values.every((value) => value !== null && value <= kind.maxMs);
  return isAllowed ? { value: values.filter((value) => value !== null) } : { expected };
}

function freeze(values: Partial<Record<SettingName, Value>>): Settings {
  const { attemptTimeout, retryWaits, retention, grace, checkPayloads, publicUrl, ...named } = values as Required<typeof values>;
  return Object.freeze({
    ...(named as Omit<Settings, "attemptTimeoutMs" | "retryWaitsMs" | "retentionMs" | "graceMs" | "checkPayloads" | "publicUrl">),
    attemptTimeoutMs: Number(attemptTimeout),
    retryWaitsMs: Object.freeze(retryWaits as readonly number[]),
    retentionMs: Number(retention),
    graceMs: Number(grace),
    checkPayloads: checkPayloads === "on",
    publicUrl: typeof publicUrl === "string" ? publicUrl.replace(/\/$/, "") : null,
  });
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = new Set<string>(entries().map(([, setting]) => setting.environment));
  return Object.keys(environment).filter(
    (name) => name.startsWith("GENHOOK_") && !name.startsWith("GENHOOK_TEST_") && name !== "GENHOOK_UPDATE_GOLDEN" && !known.has(name),
  );
}

function entries(): [SettingName, Setting][] {
  return Object.entries(SETTINGS) as [SettingName, Setting][];
}
