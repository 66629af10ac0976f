import { TOPICS } from "@genhook/contract";
import type { Command, Option } from "commander";

/** One command with what may follow it, for the shells. */
export interface TreeNode {
  /** `shops list`; empty for `genhook` itself. */
  readonly path: string;
  readonly children: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly TreeOption[];
  /** What its first argument may be, where that is known beforehand. */
  readonly values: readonly string[];
}

export interface TreeOption {
  readonly long: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly values: readonly string[];
  readonly isFile: boolean;
}

const SHELLS: readonly string[] = ["bash", "zsh", "fish"];
const TOPIC_NAMES: readonly string[] = TOPICS.map((topic) => topic.name);

/** Every command, its parents first. */
export function commandTree(program: Command): readonly TreeNode[] {
  const nodes: TreeNode[] = [];
  const visit = (command: Command, path: readonly string[]): void => {
    nodes.push({
      path: path.join(" "),
      children: command.commands.map((child) => ({ name: child.name(), description: child.description() })),
      options: command.options.filter((option) => option.long !== undefined && option.long !== null).map(toTreeOption),
      values: valuesOf(path.join(" ")),
    });
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(program, []);
  return nodes;
}

function toTreeOption(option: Option): TreeOption {
  const long = option.long ?? "";
  return {
    long,
    description: option.description,
    takesValue: option.required || option.optional,
    values: option.argChoices ?? (long === "--topic" ? TOPIC_NAMES : []),
    isFile: /<(file|folder)>/.test(option.flags),
  };
}

function valuesOf(path: string): readonly string[] {
  if (path === "trigger" || path === "topics show") return TOPIC_NAMES;
  return path === "completion" ? SHELLS : [];
}
