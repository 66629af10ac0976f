import { Option, type Command } from "commander";

/** Where to call and as whom; the same on every command that calls a server. */
export function connectionOptions(command: Command, takesToken: boolean = false): Command {
  command.optionsGroup("Connection:");
  command.addOption(
    new Option("--url <origin>", "server to call; else GENHOOK_URL, the profile, a server that runs here, http://127.0.0.1:8080"),
  );
  command.addOption(new Option("--key <key>", "platform key; else GENHOOK_PLATFORM_KEY, the profile, the file beside local data"));
  if (takesToken)
    command.addOption(new Option("--token <token>", "an app's access token for one shop; else GENHOOK_ACCESS_TOKEN, the profile"));
  command.addOption(new Option("--profile <name>", "credentials kept by genhook login; else GENHOOK_PROFILE, the current one"));
  command.addOption(new Option("--data <folder>", "data folder whose platform-key file is read; else GENHOOK_DATA, ./genhook-data"));
  return command;
}

export function outputOptions(command: Command): Command {
  command.optionsGroup("Output:");
  command.addOption(new Option("--json", "JSON, for programs"));
  command.addOption(new Option("--utc", "times as ISO 8601 in UTC instead of relative to now"));
  return command;
}
