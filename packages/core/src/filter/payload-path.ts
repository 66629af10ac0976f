/** One step into a payload: a member by name, an element by its place from 0, or every element. */
export type PathPart =
  | { readonly kind: "member"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "each" };

/** A place, or with `[*]` several places, in a payload: `order.lineItems[*].sku`. It begins at the payload's root and has at least one part. */
export type PayloadPath = readonly PathPart[];

/** Words that stand for something in a filter: a path that begins with one writes it in brackets. */
export const RESERVED_WORDS: ReadonlySet<string> = new Set(["and", "or", "not", "in", "exists", "starts_with", "true", "false", "null"]);

/** The path as it is written; what `parsePath` reads as the same path. */
export function printPath(path: PayloadPath): string {
  let text = "";
  for (const part of path) {
    if (part.kind === "each") text += "[*]";
    else if (part.kind === "index") text += `[${part.index}]`;
    else if (!isWord(part.name) || (text === "" && RESERVED_WORDS.has(part.name.toLowerCase()))) text += `[${JSON.stringify(part.name)}]`;
    else text += text === "" ? part.name : `.${part.name}`;
  }
  return text;
}

/** Whether one path lies at, above or below the other: a change at one is then a change at the other. `[*]` stands for any place of a list. */
export function areRelated(a: PayloadPath, b: PayloadPath): boolean {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [one, other] = [a[at], b[at]];
    if (one === undefined || other === undefined || !mayMeet(one, other)) return false;
  }
  return true;
}

/** What may stand in a path without brackets. */
export function isWord(text: string): boolean {
  if (text === "" || !isWordStart(text.charCodeAt(0))) return false;
  for (let at = 1; at < text.length; at += 1) if (!isWordPart(text.charCodeAt(at))) return false;
  return true;
}

export function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

export function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code);
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function mayMeet(a: PathPart, b: PathPart): boolean {
  if (a.kind === "member" || b.kind === "member") return a.kind === "member" && b.kind === "member" && a.name === b.name;
  return a.kind === "each" || b.kind === "each" || a.index === b.index;
}
