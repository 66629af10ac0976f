// `npm run pack [-- --out FOLDER]`: a tarball of every published package, in FOLDER (dist/ unless given). Nothing in the checkout changes.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { packFolder } from "./pack/tarball.ts";
import { stagePackages } from "./pack/stage.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: "dist" } } });
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const staged = mkdtempSync(join(tmpdir(), "genhook-pack-"));
try {
  for (const { folder } of stagePackages(staged)) {
    const { filename, size, unpackedSize, files } = packFolder(folder, out);
    console.log(
      `${join(out, filename)}  ${(size / 1_000).toFixed(0)} kB, ${(unpackedSize / 1_000).toFixed(0)} kB unpacked, ${files.length} files`,
    );
  }
} finally {
  rmSync(staged, { recursive: true, force: true });
}
