import { saying, type ZooEntry } from "./entry.ts";
import { badCertificates } from "../tls.ts";

const redirect = (status: number, to: (canaryPort: number) => string): ZooEntry["options"] => {
  return (_, canaryPort) => saying(`HTTP/1.1 ${status} Elsewhere\r\nlocation: ${to(canaryPort)}\r\ncontent-length: 0\r\n\r\n`)();
};

/** Redirects: none is followed. */
export const REDIRECTS: readonly ZooEntry[] = [
  {
    name: "redirect",
    does: "answers 302 to another server",
    outcome: "302",
    ends: "at once",
    isKept: true,
    options: redirect(302, (port) => `http://127.0.0.1:${port}/`),
  },
  {
    name: "redirect that keeps the method",
    does: "answers 307 to another server",
    outcome: "307",
    ends: "at once",
    isKept: true,
    options: redirect(307, (port) => `http://127.0.0.1:${port}/`),
  },
  {
    name: "redirect to itself",
    does: "answers 308 to itself",
    outcome: "308",
    ends: "at once",
    isKept: true,
    options: redirect(308, () => "/"),
  },
  {
    name: "redirect to cloud metadata",
    does: "answers 301 to http://169.254.169.254/",
    outcome: "301",
    ends: "at once",
    isKept: true,
    options: redirect(301, () => "http://169.254.169.254/latest/meta-data/"),
  },
  {
    name: "refresh",
    does: "answers 200 with a Refresh header",
    outcome: "200",
    ends: "at once",
    isKept: true,
    options: (_, port) => saying(`HTTP/1.1 200 OK\r\nrefresh: 0; url=http://127.0.0.1:${port}/\r\ncontent-length: 0\r\n\r\n`)(),
  },
  {
    name: "other ways elsewhere",
    does: "answers 305 and Alt-Svc",
    outcome: "305",
    ends: "at once",
    isKept: true,
    options: (_, port) =>
      saying(`HTTP/1.1 305 Use Proxy\r\nlocation: http://127.0.0.1:${port}/\r\nalt-svc: h2=":${port}"\r\ncontent-length: 0\r\n\r\n`)(),
  },
];

const FINE = saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")();
const overTls = (
  name: string,
  does: string,
  outcome: string,
  tls: NonNullable<ReturnType<ZooEntry["options"]>["tls"]>,
  more: Partial<ZooEntry> = {},
): ZooEntry => ({
  name,
  does,
  outcome,
  ends: "at once",
  reachedAt: "https://app.example.com",
  ...(outcome === "200" ? { isKept: true } : { requests: 0 }),
  options: () => ({ ...FINE, tls }),
  ...more,
});

/** TLS that is not to be trusted, and TLS that is. */
export const TLS: readonly ZooEntry[] = [
  overTls("good certificate", "shows a certificate for its name", "200", {}),
  overTls("no SNI", "is addressed by IP, so no name is sent; its certificate is for the IP", "200", {}, { reachedAt: "https://127.0.0.1" }),
  overTls("wrong name", "shows a certificate for another name", "tls_failed", { cert: badCertificates.otherName }),
  overTls("expired certificate", "shows a certificate that has expired", "tls_failed", { cert: badCertificates.expired }),
  overTls("self-signed certificate", "shows a certificate that nobody signed", "tls_failed", { cert: badCertificates.selfSigned }),
  overTls("TLS 1.0", "speaks TLS 1.0 at most", "tls_failed", { minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" }),
  overTls("TLS 1.1", "speaks TLS 1.1 at most", "tls_failed", {
    minVersion: "TLSv1.1",
    maxVersion: "TLSv1.1",
    ciphers: "DEFAULT:@SECLEVEL=0",
  }),
  overTls("TLS 1.2", "speaks TLS 1.2 at most", "200", { maxVersion: "TLSv1.2" }),
  overTls("null cipher", "offers ciphers without encryption only", "tls_failed", { maxVersion: "TLSv1.2", ciphers: "eNULL:@SECLEVEL=0" }),
  overTls("HTTP/2 only", "takes HTTP/2 alone (ALPN)", "tls_failed", { ALPNProtocols: ["h2"] }),
  overTls(
    "wants a client certificate",
    "asks for a client certificate, which there is not",
    "tls_failed",
    { requestCert: true, rejectUnauthorized: true },
    { requests: 0 },
  ),
  overTls("unknown name", "closes the connection at a name that it does not know (SNI)", "connect_failed", {
    SNICallback: (_, done) => done(new Error("no such name")),
  }),
  {
    name: "no TLS at all",
    does: "speaks plain HTTP where TLS is expected",
    outcome: "tls_failed",
    ends: "at once",
    reachedAt: "https://app.example.com",
    requests: 0,
    options: () => ({ onConnection: (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n") }),
  },
  {
    name: "closes in the handshake",
    does: "closes the connection at the ClientHello",
    outcome: "connect_failed",
    ends: "at once",
    reachedAt: "https://app.example.com",
    requests: 0,
    options: () => ({ onConnection: (socket) => socket.once("data", () => socket.end()) }),
  },
  {
    name: "resets in the handshake",
    does: "resets the connection at the ClientHello",
    outcome: "connect_failed",
    ends: "at once",
    reachedAt: "https://app.example.com",
    requests: 0,
    options: () => ({ onConnection: (socket) => socket.once("data", () => socket.resetAndDestroy()) }),
  },
];
