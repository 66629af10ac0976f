import type { TreeNode } from "./command-tree.ts";

/**
 * Completion scripts, whole and static: a Tab asks no process and no server. Each walks the words before the cursor to the command that they
 * name, then offers its commands, options, or the values of the option before the cursor.
 */
export type Shell = "bash" | "zsh" | "fish";

export function completionScript(shell: Shell, nodes: readonly TreeNode[]): string {
  switch (shell) {
    case "bash":
      return bash(nodes);
    case "zsh":
      return zsh(nodes);
    case "fish":
      return fish(nodes);
  }
}

/** What people do with the script. */
export const INSTALLING: Readonly<Record<Shell, string>> = {
  bash: "source <(genhook completion bash), in ~/.bashrc",
  zsh: "source <(genhook completion zsh), in ~/.zshrc behind compinit",
  fish: "genhook completion fish > ~/.config/fish/completions/genhook.fish",
};

function bash(nodes: readonly TreeNode[]): string {
  return [
    `# genhook completion for bash: ${INSTALLING.bash}`,
    ...walker("_genhook_path", nodes),
    "_genhook() {",
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" path words=""',
    '  path="$(_genhook_path "${COMP_WORDS[@]:1:COMP_CWORD-1}")"',
    '  case "$path $prev" in',
    ...nodes.flatMap((node) =>
      node.options
        .filter((option) => option.takesValue)
        .map(
          (option) =>
            `    ${quote(`${node.path} ${option.long}`)}) ${option.values.length > 0 ? `words=${quote(option.values.join(" "))}` : option.isFile ? 'COMPREPLY=( $(compgen -f -- "$cur") ); return' : "return"};;`,
        ),
    ),
    "    *)",
    '      case "$path" in',
    ...nodes.map((node) => `        ${quote(node.path)}) words=${quote(wordsOf(node).join(" "))};;`),
    "      esac;;",
    "  esac",
    '  COMPREPLY=( $(compgen -W "$words" -- "$cur") )',
    "}",
    "complete -o default -F _genhook genhook",
    "",
  ].join("\n");
}

function zsh(nodes: readonly TreeNode[]): string {
  return [
    "#compdef genhook",
    `# genhook completion for zsh: ${INSTALLING.zsh}`,
    ...walker("_genhook_path", nodes),
    "_genhook() {",
    "  local cmd_path prev",
    '  cmd_path="$(_genhook_path "${(@)words[2,CURRENT-1]}")"',
    '  prev="${words[CURRENT-1]}"',
    "  local -a offered",
    '  case "$cmd_path $prev" in',
    ...nodes.flatMap((node) =>
      node.options
        .filter((option) => option.takesValue)
        .map(
          (option) =>
            `    ${quote(`${node.path} ${option.long}`)}) ${option.values.length > 0 ? `compadd -- ${option.values.map(quote).join(" ")}` : option.isFile ? "_files" : ":"}; return;;`,
        ),
    ),
    "  esac",
    '  case "$cmd_path" in',
    ...nodes.map((node) => {
      const described = [
        ...node.children.map(({ name, description }) => quote(`${name}:${description}`)),
        ...node.options.map(({ long, description }) => quote(`${long}:${description}`)),
        ...node.values.map((value) => quote(value.replaceAll(":", "\\:"))),
      ];
      return `    ${quote(node.path)}) offered=(${described.join(" ")});;`;
    }),
    "  esac",
    "  _describe genhook offered",
    "}",
    "compdef _genhook genhook",
    "",
  ].join("\n");
}

function fish(nodes: readonly TreeNode[]): string {
  const lines = [
    `# genhook completion for fish: ${INSTALLING.fish}`,
    "function __genhook_path",
    "  set -l path",
    "  set -l words (commandline -opc)",
    "  for word in $words[2..-1]",
    '    switch (string join " " -- $path $word)',
    `      case ${nodes
      .filter((node) => node.path !== "")
      .map((node) => quote(node.path))
      .join(" ")}`,
    "        set path $path $word",
    "    end",
    "  end",
    '  string join " " -- $path',
    "end",
    "function __genhook_at",
    '  test (__genhook_path | string collect; or echo) = "$argv[1]"',
    "end",
    "complete -c genhook -f",
  ];
  for (const node of nodes) {
    const at = `-n ${quote(`__genhook_at ${quote(node.path)}`)}`;
    for (const { name, description } of node.children) lines.push(`complete -c genhook ${at} -a ${quote(name)} -d ${quote(description)}`);
    for (const value of node.values) lines.push(`complete -c genhook ${at} -a ${quote(value)}`);
    for (const { long, description, takesValue, values, isFile } of node.options) {
      const value = !takesValue ? "" : isFile ? " -r -F" : values.length > 0 ? ` -x -a ${quote(values.join(" "))}` : " -x";
      lines.push(`complete -c genhook ${at} -l ${long.slice(2)}${value} -d ${quote(description)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A shell function that prints the command that its arguments name, passing over options and their values. */
function walker(name: string, nodes: readonly TreeNode[]): readonly string[] {
  const paths = nodes.filter((node) => node.path !== "").map((node) => quote(node.path));
  return [
    `${name}() {`,
    '  local found="" word',
    '  for word in "$@"; do',
    '    case "${found:+$found }$word" in',
    `      ${paths.join("|")}) found="\${found:+$found }$word";;`,
    "    esac",
    "  done",
    '  printf %s "$found"',
    "}",
  ];
}

function wordsOf(node: TreeNode): readonly string[] {
  return [...node.children.map(({ name }) => name), ...node.values, ...node.options.map(({ long }) => long)];
}

/** For all three shells: nothing inside single quotes means anything but the quote itself. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
