import { readFileSync } from "node:fs";

const read = (name: string): string => readFileSync(new URL(`./tls/${name}`, import.meta.url), "utf8");

/**
 * A certificate for `localhost`, `app.example.com` and 127.0.0.1, its key, and the authority that signed it (whose key was thrown away).
 * For tests only: the key is public.
 */
export const testCertificate: { readonly cert: string; readonly key: string; readonly ca: string } = {
  cert: read("endpoint.pem"),
  key: read("endpoint-key.pem"),
  ca: read("ca.pem"),
};
