import { readFileSync } from "node:fs";

const read = (name: string): string => readFileSync(new URL(`./tls/${name}`, import.meta.url), "utf8");

/**
 * A certificate for `localhost`, `app.example.com` and 127.0.0.1, its key, and the authority that signed it (whose key was thrown away).
 * Valid from 2020 to 2120, so that a wrong clock fails no test. For tests only: the key is public.
 */
export const testCertificate: { readonly cert: string; readonly key: string; readonly ca: string } = {
  cert: read("endpoint.pem"),
  key: read("endpoint-key.pem"),
  ca: read("ca.pem"),
};

/** Certificates for the same key that a sender must not take. */
export const badCertificates: { readonly expired: string; readonly otherName: string; readonly selfSigned: string } = {
  /** Of the same authority, for the same names; ended on 2021-01-01. */
  expired: read("expired.pem"),
  /** Of the same authority, for `other.example.net`. */
  otherName: read("other-name.pem"),
  selfSigned: read("self-signed.pem"),
};
