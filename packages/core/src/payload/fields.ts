import { printPath, type PayloadPath } from "../filter/payload-path.ts";
import { eachElement, eachMember, skipSpace, textOf } from "../json/json-text.ts";

/** What is sent of a payload: at each place all of it, or what its members or elements say. */
export interface FieldTree {
  isWhole: boolean;
  readonly members: Map<string, FieldTree>;
  each: FieldTree | null;
}

/** `fields` in the form that projects, and a name that is the same for lists that send the same. */
export interface Fields {
  readonly tree: FieldTree;
  readonly key: string;
}

/** Compiles paths without places of lists (`checkFields` refuses those). */
export function compileFields(paths: readonly PayloadPath[]): Fields {
  const tree = newTree();
  for (const path of paths) {
    let at = tree;
    for (const part of path) at = part.kind === "member" ? memberOf(at, part.name) : (at.each ??= newTree());
    at.isWhole = true;
  }
  return { tree, key: [...new Set(keysOf(tree, []))].sort().join("\n") };
}

/**
 * The part of a payload that was asked for, as JSON text. Chosen values and names are cut out as they stand, so digits, escapes and order
 * survive; between them no space is written. Objects and lists on the way to a field are kept with what was chosen of them, and what is not
 * there is left out. The same payload and fields always give the same text.
 */
export function project(source: string, fields: Fields): string {
  return cut(source, skipSpace(source, 0), source.trimEnd().length, fields.tree) ?? "{}";
}

/** Null where nothing at this place was asked for. */
function cut(source: string, start: number, end: number, tree: FieldTree): string | null {
  if (tree.isWhole) return source.slice(start, end);
  if (source[start] === "{" && tree.members.size > 0) {
    const members = new Map<string, string>();
    eachMember(source, start, (nameStart, nameEnd, valueStart, valueEnd) => {
      const name = textOf(source, nameStart, nameEnd);
      const member = tree.members.get(name);
      if (member === undefined) return;
      const piece = cut(source, valueStart, valueEnd, member);
      // Of members that share a name the last one is what a receiver would read.
      members.delete(name);
      if (piece !== null) members.set(name, `${source.slice(nameStart, nameEnd)}:${piece}`);
    });
    return `{${[...members.values()].join(",")}}`;
  }
  const { each } = tree;
  if (source[start] === "[" && each !== null) {
    const pieces: string[] = [];
    eachElement(source, start, (elementStart, elementEnd) => {
      const piece = cut(source, elementStart, elementEnd, each);
      if (piece !== null) pieces.push(piece);
      return true;
    });
    return `[${pieces.join(",")}]`;
  }
  return null;
}

function keysOf(tree: FieldTree, path: PayloadPath): string[] {
  if (tree.isWhole) return [printPath(path)];
  const keys = tree.each === null ? [] : keysOf(tree.each, [...path, { kind: "each" }]);
  for (const [name, member] of tree.members) keys.push(...keysOf(member, [...path, { kind: "member", name }]));
  return keys;
}

function memberOf(tree: FieldTree, name: string): FieldTree {
  let member = tree.members.get(name);
  if (member === undefined) tree.members.set(name, (member = newTree()));
  return member;
}

function newTree(): FieldTree {
  return { isWhole: false, members: new Map(), each: null };
}
