// A bill of materials (CycloneDX 1.6, JSON) of what an installation of Genhook contains, by the lockfile. Not npm's own: it leaves out, as if they only
// built and tested, whatever the workspace's root depends on by way of its own packages, pg and fastify among them.
import { readFileSync } from "node:fs";
import { thirdParty } from "./third-party.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { readonly version: string };

/** `pkg:npm/%40scope/name@1.2.3` (package-url). */
function purlOf(name: string, of: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${of}`;
}

/** The document; the same for the same lockfile. */
export function billOfMaterials(): object {
  const components = thirdParty().all.map(({ name, version: of, license, integrity }) => ({
    type: "library",
    "bom-ref": purlOf(name, of),
    name,
    version: of,
    purl: purlOf(name, of),
    licenses: license.includes(" ") ? [{ expression: license }] : [{ license: { id: license } }],
    // The lockfile's checksum of the package's file (Subresource Integrity).
    hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") }],
  }));
  const component = {
    type: "application",
    "bom-ref": purlOf("genhook", version),
    name: "genhook",
    version,
    purl: purlOf("genhook", version),
  };
  return { bomFormat: "CycloneDX", specVersion: "1.6", version: 1, metadata: { component }, components };
}

if (import.meta.main) console.log(JSON.stringify(billOfMaterials(), null, 2));
