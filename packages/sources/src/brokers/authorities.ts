import { readFileSync } from "node:fs";
import { BrokerError } from "./broker-error.ts";

/** The certificates of authorities in a file (PEM). Throws a `BrokerError` that names it: a broker's driver would say that the server cannot be reached. */
export function readAuthorities(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BrokerError("misconfigured", `the file of authorities ${path} cannot be read: ${why}`);
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new BrokerError("misconfigured", `the file of authorities ${path} holds no certificate in PEM form`);
  }
  return text;
}
