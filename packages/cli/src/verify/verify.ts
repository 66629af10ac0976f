import { readFileSync } from "node:fs";
import { CliError, usage } from "../cli-error.ts";
import { printJson } from "../commands/session.ts";
import { paint, printLine, type Terminal } from "../output/terminal.ts";
import { readTime } from "../output/time.ts";
import { findAppSecrets } from "../session/find-app-secrets.ts";
import { diagnoseHmac, diagnoseQuery, diagnoseStandard, type Finding } from "./diagnose.ts";
import { readHeaders, readRequest, type CaughtRequest } from "./request-file.ts";

export interface VerifyFlags {
  readonly request?: string;
  readonly body?: string;
  readonly headers?: string;
  readonly header?: readonly string[];
  readonly query?: string;
  readonly clientSecret?: string;
  readonly signingSecret?: string;
  readonly at?: string;
  readonly tolerance?: string;
  readonly json?: boolean;
}

const HMAC = "x-genstore-hmac-sha256";
const STANDARD = "webhook-signature";

/** `genhook verify`: says of a caught request which signature is right, or why one is not. Calls nobody. */
export async function verify(flags: VerifyFlags, terminal: Terminal): Promise<void> {
  const { clientSecret, signingSecret } = findAppSecrets(flags, terminal.environment);
  const findings: Finding[] = [];
  const unchecked: string[] = [];
  if (flags.query !== undefined) findings.push(await diagnoseQuery(flags.query, needClientSecret(clientSecret)));
  const caught = await readCaught(flags, terminal);
  if (caught !== null) {
    const { headers, body } = caught;
    if (body === null) throw usage("Give the body as it arrived: --body FILE, or - for standard input.");
    if (headers[HMAC] !== undefined) {
      if (clientSecret === null) unchecked.push("X-Genstore-Hmac-Sha256 was not checked: give --client-secret.");
      else findings.push(await diagnoseHmac(body, headers, clientSecret, signingSecret));
    }
    if (headers[STANDARD] !== undefined) {
      if (signingSecret === null) unchecked.push("webhook-signature was not checked: give --signing-secret.");
      else {
        const options = {
          signingSecret,
          clientSecret,
          toleranceSeconds: readTolerance(flags.tolerance),
          now: readAt(flags.at, terminal.now()),
        };
        findings.push(await diagnoseStandard(body, headers, options));
      }
    }
    if (headers[HMAC] === undefined && headers[STANDARD] === undefined)
      throw usage("The request carries no signature: neither X-Genstore-Hmac-Sha256 nor webhook-signature.");
  } else if (flags.query === undefined) {
    throw usage("Give a caught request: --request FILE, or --headers FILE and --body FILE; or --query TEXT.");
  }
  if (findings.length === 0) throw usage("Nothing could be checked.", ...unchecked);
  show(findings, unchecked, flags.json === true, terminal);
  const wrong = findings.filter((finding) => !finding.isRight);
  if (wrong.length > 0)
    throw new CliError("failed", "signature_wrong", `${wrong.map((finding) => finding.what).join(" and ")}: not right.`);
}

function show(findings: readonly Finding[], unchecked: readonly string[], isJson: boolean, terminal: Terminal): void {
  if (isJson) return printJson(terminal, { findings, unchecked });
  for (const { what, isRight, says } of findings) {
    printLine(
      terminal,
      `${isRight ? paint(terminal, "green", "✓") : paint(terminal, "red", "✗")} ${what} is ${isRight ? "right" : "wrong"}`,
    );
    for (const sentence of says) printLine(terminal, `    ${sentence}`);
  }
  for (const sentence of unchecked) printLine(terminal, `${paint(terminal, "yellow", "–")} ${sentence}`);
}

async function readCaught(flags: VerifyFlags, terminal: Terminal): Promise<CaughtRequest | null> {
  if (flags.request !== undefined) return readRequest(await readFile("--request", flags.request, terminal), flags.request);
  if (flags.headers === undefined && flags.header === undefined && flags.body === undefined) return null;
  const fromFile =
    flags.headers === undefined
      ? {}
      : readHeaders(Buffer.from(await readFile("--headers", flags.headers, terminal)).toString("utf8"), flags.headers);
  const given = (flags.header ?? []).map((line) => readHeaders(line, "-H"));
  const headers = Object.assign({}, fromFile, ...given) as Record<string, string>;
  if (flags.body === undefined) return { headers, body: null };
  return { headers, body: new Uint8Array(await readFile("--body", flags.body, terminal)) };
}

async function readFile(flag: string, path: string, terminal: Terminal): Promise<Uint8Array> {
  try {
    return path === "-" ? await terminal.readInput() : readFileSync(path);
  } catch (error) {
    throw usage(`${flag} ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function needClientSecret(secret: string | null): string {
  if (secret !== null) return secret;
  throw usage("Give --client-secret, or set GENHOOK_CLIENT_SECRET: a query is signed with it.");
}

function readTolerance(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usage(`--tolerance must be a number of seconds, not "${text}".`);
}

function readAt(text: string | undefined, now: number): number {
  if (text === undefined) return now;
  const time = readTime(text, now);
  if (time === null) throw usage(`--at must be a time such as 2025-01-31T12:00:00Z, not "${text}".`);
  return Date.parse(time);
}
