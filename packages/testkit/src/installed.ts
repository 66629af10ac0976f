import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Why a program cannot be started here, and the package of Debian that brings it; null when it is on the path. */
export function whyMissing(command: string, debianPackage: string = command): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  if (folders.some((folder) => existsSync(join(folder, command)))) return null;
  return `${command} is not installed (Debian: apt-get install ${debianPackage})`;
}
