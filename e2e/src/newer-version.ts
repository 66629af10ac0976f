import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MIGRATIONS = "packages/storage/src/postgres/migrations/migrate.ts";
/** What an additive migration may do: a column that is not required, a table, an index. */
const ADDITIVE = `{
  oldest: 1,
  sql: \`
    ALTER TABLE event ADD COLUMN origin text;
    ALTER TABLE task ADD COLUMN weight integer NOT NULL DEFAULT 1;
    ALTER TABLE shop ADD COLUMN region text;
    CREATE TABLE routing (id bigint PRIMARY KEY, body text NOT NULL);
    CREATE INDEX api_key_name ON api_key (name);
  \`,
}`;

/** A copy of the whole program that is one schema version further; answers its command. */
export function makeNewerVersion(folder: string): string {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@genhook"), { recursive: true });
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (name !== "@genhook" && !name.startsWith(".")) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  for (const name of readdirSync(join(ROOT, "packages"))) {
    cpSync(join(ROOT, "packages", name), join(folder, "packages", name), {
      recursive: true,
      filter: (path) => !/\/(dist|test|golden|images)$/.test(path),
    });
    symlinkSync(join("..", "..", "packages", name), join(modules, "@genhook", name));
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  const path = join(folder, MIGRATIONS);
  const before = readFileSync(path, "utf8");
  const after = before.replace("[{ sql: FIRST, oldest: 1 }]", `[{ sql: FIRST, oldest: 1 }, ${ADDITIVE}]`);
  if (after === before) throw new Error("the list of migrations looks different: change what is put into it here");
  writeFileSync(path, after);
  return join(folder, "packages/cli/src/bin.js");
}
