// `node scripts/release-notes.ts v0.1.0`: prints what the changelog says about that version. Fails where the tag, the packages and the changelog
// do not agree, or the changelog does not say when: the release workflow begins with it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readWorkspaces, REPOSITORY } from "./pack/workspaces.ts";

/** The notes, or why there is no release. */
export function releaseNotes(tag: string, version: string, changelog: string): { readonly notes: string } | { readonly refusal: string } {
  if (tag !== `v${version}`) return { refusal: `The tag is ${tag}, the packages are ${version}: change one (docs/packaging.md).` };
  const [, when = "", notes = ""] =
    new RegExp(`^## ${version.replaceAll(".", "\\.")}, (.*)\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(changelog) ?? [];
  if (notes.trim() === "") return { refusal: `CHANGELOG.md has nothing about ${version}.` };
  if (!/^\d{4}-\d{2}-\d{2}$/.test(when)) return { refusal: `CHANGELOG.md says "${when}" of ${version}, not the day of its release.` };
  return { notes: notes.trim() };
}

if (import.meta.main) {
  const versions = new Set([...readWorkspaces().values()].map(({ manifest }) => manifest.version));
  const found = releaseNotes(process.argv[2] ?? "", [...versions].join(" and "), readFileSync(join(REPOSITORY, "CHANGELOG.md"), "utf8"));
  if ("refusal" in found) {
    console.error(found.refusal);
    process.exitCode = 1;
  } else console.log(found.notes);
}
