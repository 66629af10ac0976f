import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/** A file that a setting names cannot be used; the message says which and why. */
export class SettingFileError extends Error {}

/** The text of a file that a flag names. */
export function readSettingFile(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    const why =
      code === "ENOENT"
        ? "does not exist"
        : code === "EACCES"
          ? "may not be read by this user"
          : code === "EISDIR"
            ? "is a folder"
            : `cannot be read (${String(code)})`;
    throw new SettingFileError(`The file ${path} of --${flag} ${why}.`);
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The certificates of a PEM file, each as its own text; at least one, all of them readable. */
export function readCertificates(flag: string, path: string): readonly string[] {
  const certificates = readSettingFile(flag, path).match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new SettingFileError(`The file ${path} of --${flag} holds no certificate in PEM form.`);
  for (const [index, certificate] of certificates.entries()) {
    if (!isCertificate(certificate))
      throw new SettingFileError(`Certificate ${index + 1} in the file ${path} of --${flag} cannot be read.`);
  }
  return certificates;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
