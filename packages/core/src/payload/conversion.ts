import type { PathPart, PayloadPath } from "../filter/payload-path.ts";
import { eachElement, eachMember, skipSpace, textOf } from "../json/json-text.ts";

/**
 * One difference between a version of a payload and the one before it; paths are those of the newer version. Differences are data, not code:
 * so they cannot lose a digit, can be shown, and also say what a path of the newer version is called in the older one.
 */
export type ConversionStep =
  /** The member at the path has another name. */
  | { readonly rename: string; readonly to: string }
  /** The older version has no such member. */
  | { readonly drop: string }
  /** The older version has this list as its own JSON text. */
  | { readonly asText: string };

/** A step with its path read. */
export interface ReadStep {
  readonly path: PayloadPath;
  readonly step: ConversionStep;
}

/** What becomes of a value and of what is in it. */
interface ChangeTree {
  name: string | null;
  isDropped: boolean;
  isText: boolean;
  readonly members: Map<string, ChangeTree>;
  each: ChangeTree | null;
}

/** All steps from one version to the one before it, in the form that converts. */
export type Conversion = ChangeTree;

export function compileConversion(steps: readonly ReadStep[]): Conversion {
  const tree = newTree();
  for (const { path, step } of steps) {
    let at = tree;
    for (const part of path) at = part.kind === "member" ? memberOf(at, part.name) : (at.each ??= newTree());
    if ("rename" in step) at.name = step.to;
    else if ("drop" in step) at.isDropped = true;
    else at.isText = true;
  }
  return tree;
}

/** The payload in the older version, as JSON text. What no step speaks of is cut out as it stands; a step about what is not there does nothing. */
export function convert(source: string, conversion: Conversion): string {
  return changed(source, skipSpace(source, 0), source.trimEnd().length, conversion);
}

/** What a path of the newer version is called in the older one; null where the older one has nothing there. */
export function convertPath(path: PayloadPath, conversion: Conversion): PayloadPath | null {
  const converted: PathPart[] = [];
  let at: ChangeTree | null = conversion;
  for (const part of path) {
    const next: ChangeTree | null = at === null ? null : part.kind === "member" ? (at.members.get(part.name) ?? null) : at.each;
    if (next?.isDropped === true) return null;
    converted.push(part.kind === "member" ? { kind: "member", name: next?.name ?? part.name } : part);
    if (next?.isText === true) break;
    at = next;
  }
  return converted;
}

function changed(source: string, start: number, end: number, tree: ChangeTree): string {
  const first = source[start];
  if (tree.isText && first === "[") return JSON.stringify(source.slice(start, end));
  if (first === "{" && tree.members.size > 0) return changedObject(source, start, tree);
  const { each } = tree;
  if (first !== "[" || each === null) return source.slice(start, end);
  const pieces: string[] = [];
  eachElement(source, start, (elementStart, elementEnd) => {
    pieces.push(changed(source, elementStart, elementEnd, each));
    return true;
  });
  return `[${pieces.join(",")}]`;
}

function changedObject(source: string, start: number, tree: ChangeTree): string {
  const members: { readonly name: string; readonly rawName: string; readonly tree: ChangeTree | null; readonly value: string }[] = [];
  const given = new Set<string>();
  eachMember(source, start, (nameStart, nameEnd, valueStart, valueEnd) => {
    const name = textOf(source, nameStart, nameEnd);
    const member = tree.members.get(name) ?? null;
    if (member?.isDropped === true) return;
    if (member?.name != null) given.add(member.name);
    const value = member === null ? source.slice(valueStart, valueEnd) : changed(source, valueStart, valueEnd, member);
    members.push({ name, rawName: source.slice(nameStart, nameEnd), tree: member, value });
  });
  const pieces: string[] = [];
  for (const { name, rawName, tree: member, value } of members) {
    if (member?.name != null) pieces.push(`${JSON.stringify(member.name)}:${value}`);
    // A name that a renamed member takes is not given twice.
    else if (!given.has(name)) pieces.push(`${rawName}:${value}`);
  }
  return `{${pieces.join(",")}}`;
}

function memberOf(tree: ChangeTree, name: string): ChangeTree {
  let member = tree.members.get(name);
  if (member === undefined) tree.members.set(name, (member = newTree()));
  return member;
}

function newTree(): ChangeTree {
  return { name: null, isDropped: false, isText: false, members: new Map(), each: null };
}
