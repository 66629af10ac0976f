/** A command as a shell reads it: its words, without what stands for the shell itself. */
export interface ShellCommand {
  /** `A=b` before the command. */
  readonly variables: readonly string[];
  readonly words: readonly string[];
  /** Within the block, from 0. */
  readonly line: number;
}

type Token = { readonly kind: "word"; readonly text: string; readonly line: number } | { readonly kind: "end"; readonly line: number };

/**
 * The commands of a block of shell: lines and pipes are taken apart, quotes are undone, continued lines joined, comments and redirections
 * left out. Variables stay as they are written. What `$(…)` runs is a command of its own.
 */
export function shellCommands(code: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let line = 0;
  const finish = (): void => {
    const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
    const end = first === -1 ? words.length : first;
    if (words.length > 0) commands.push({ variables: words.slice(0, end), words: withoutRedirections(words.slice(end)), line });
    words = [];
  };
  for (const token of tokensOf(code)) {
    if (token.kind === "end") finish();
    else {
      if (words.length === 0) line = token.line;
      words.push(token.text);
    }
  }
  finish();
  const inner = [...code.matchAll(/\$\(([^()]*)\)/g)].flatMap(({ 1: text = "" }) => shellCommands(text));
  return [...commands, ...inner];
}

function withoutRedirections(words: readonly string[]): readonly string[] {
  return words.filter(
    (word, index) => !/^(?:\d?>>?|<)$/.test(word) && !/^(?:\d?>>?|<)$/.test(words[index - 1] ?? "") && !/^\d?>&\d$/.test(word),
  );
}

const PIECE = /\d?>&\d|\\\n|\n|#[^\n]*|'[^']*'|"(?:\\.|[^"\\])*"|\$\([^()]*\)|&&|\|\||[|;&]|[ \t]+|\\.|[^\s'"\\|;&$]+|\$/gs;

function tokensOf(code: string): readonly Token[] {
  const tokens: Token[] = [];
  let word: string | null = null;
  let line = 0;
  const endWord = (): void => {
    if (word !== null) tokens.push({ kind: "word", text: word, line });
    word = null;
  };
  for (const [piece] of code.matchAll(PIECE)) {
    if (piece === "\\\n") endWord();
    else if (piece.startsWith("#") && word === null) continue;
    else if (/^[ \t]+$/.test(piece)) endWord();
    else if (/^(?:\n|&&|\|\||[|;&])$/.test(piece)) {
      endWord();
      tokens.push({ kind: "end", line });
    } else word = (word ?? "") + unquoted(piece);
    line += piece.split("\n").length - 1;
  }
  endWord();
  return tokens;
}

function unquoted(piece: string): string {
  if (piece.startsWith("'")) return piece.slice(1, -1);
  if (piece.startsWith('"')) return piece.slice(1, -1).replaceAll(/\\(["\\$`])/g, "$1");
  return piece.startsWith("\\") ? piece.slice(1) : piece;
}
