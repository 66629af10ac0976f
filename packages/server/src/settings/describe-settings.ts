import { SETTINGS, type Setting } from "./settings-table.ts";

/** Rows for `--help`. */
export function describeSettings(): readonly { readonly flag: string; readonly text: string }[] {
  return Object.values(SETTINGS).map((setting: Setting) => ({
    flag: setting.kind.type === "switch" ? `--${setting.flag}` : `--${setting.flag} <${placeholder(setting)}>`,
    text: setting.default === null ? setting.description : `${setting.description} (${setting.default})`,
  }));
}

/** `docs/configuration.md`. */
export function configurationPage(): string {
  const rows = Object.values(SETTINGS).map(
    (setting: Setting) =>
      `| \`--${setting.flag}\` | \`${setting.environment}\` | ${setting.default === null ? "" : `\`${setting.default}\``} | ${allowed(setting)} | ${setting.description} |`,
  );
  return [
    "# Configuration",
    "",
    "Made from `packages/server/src/settings/settings-table.ts` by `npm run golden:update`.",
    "",
    "Every flag of `genhook serve` has a twin in the environment; a flag wins. Durations are a whole number and `ms`, `s`, `m`, `h` or `d`.",
    "",
    "| flag | environment | default | allowed | |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function placeholder(setting: Setting): string {
  const { kind } = setting;
  if (kind.type === "integer") return "number";
  return kind.type === "choice" ? kind.choices.join("|") : kind.type;
}

function allowed(setting: Setting): string {
  const { kind } = setting;
  if (kind.type === "integer") return `${kind.min} to ${kind.max}`;
  if (kind.type === "choice") return kind.choices.map((choice) => `\`${choice}\``).join(", ");
  if (kind.type === "durations") return `0 to ${kind.entriesMax} durations`;
  if (kind.type === "list") return kind.expected;
  return kind.type === "switch" ? "on, off" : kind.type;
}
