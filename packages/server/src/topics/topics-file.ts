import { TOPICS, type Topic } from "@genhook/contract";
import { SettingFileError, readSettingFile } from "../settings/setting-file.ts";
import { readTopics } from "./read-topics.ts";

/** The topics of the file that `--topics` names. Throws a `SettingFileError` that lists everything that is wrong, entry by entry. */
export function readTopicsFile(path: string): readonly Topic[] {
  const { topics, errors } = readTopics(readSettingFile("topics", path), new Set(TOPICS.map((topic) => topic.name)));
  if (errors.length === 0) return topics;
  throw new SettingFileError([`The file ${path} of --topics cannot be used:`, ...errors.map((error) => `  ${error}`)].join("\n"));
}
