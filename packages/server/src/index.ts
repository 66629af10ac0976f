export { startGenhook, type Genhook } from "./compose.ts";
export type { PortalSource } from "./portal/portal-files.ts";
export { checkSealingKey } from "./secrets/data-key.ts";
export { loadSealingKey, SealingKeyError } from "./secrets/sealing.ts";
export { EXIT_FAILED, EXIT_USAGE, settingsFrom, StartError, startServer, type Flags, type ServeStreams } from "./serve.ts";
export { configurationPage, describeSettings } from "./settings/describe-settings.ts";
export { resolveSettings, type Settings, type SettingsResult } from "./settings/resolve-settings.ts";
export { SETTINGS, type Setting } from "./settings/settings-table.ts";
export { VERSION } from "./version.ts";
