import { SegmentedControl } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { words } from "../words.ts";
import { CopyButton } from "./copy-button.tsx";

/** Deeper, and longer lists, are folded to begin with. */
const OPEN_DEPTH = 3;
const OPEN_ENTRIES_MAX = 40;

/** Text that may be JSON: as a tree, or as it is. */
export function SourceView({ title, text }: { readonly title: string; readonly text: string }) {
  const [view, setView] = useState<"pretty" | "raw">("pretty");
  const parsed = parse(text);
  return (
    <div>
      <div className="source-head">
        <h3>{title}</h3>
        <div className="page-actions">
          {parsed === undefined ? null : (
            <SegmentedControl
              size="xs"
              aria-label={words.json.view}
              value={view}
              onChange={(value) => setView(value === "raw" ? "raw" : "pretty")}
              data={[
                { value: "pretty", label: words.json.pretty },
                { value: "raw", label: words.json.raw },
              ]}
            />
          )}
          <CopyButton text={text} name={title} />
        </div>
      </div>
      <div className="source" tabIndex={0} role="region" aria-label={title}>
        {parsed === undefined || view === "raw" ? (
          text === "" ? (
            <span className="quiet">{words.json.empty}</span>
          ) : (
            text
          )
        ) : (
          <ul>
            <Node value={parsed.value} depth={0} />
          </ul>
        )}
      </div>
    </div>
  );
}

function Node({ name, value, depth }: { readonly name?: string; readonly value: unknown; readonly depth: number }): ReactNode {
  const label = name === undefined ? null : <span className="name">{name}: </span>;
  const entries = entriesOf(value);
  if (entries === null) {
    return (
      <li>
        {label}
        <Leaf value={value} />
      </li>
    );
  }
  const brackets = Array.isArray(value) ? "[ ]" : "{ }";
  if (entries.length === 0) {
    return (
      <li>
        {label}
        {brackets}
      </li>
    );
  }
  return (
    <li>
      <details open={depth < OPEN_DEPTH && entries.length <= OPEN_ENTRIES_MAX}>
        <summary>
          {label}
          <span className="quiet">
            {brackets} {entries.length}
          </span>
        </summary>
        <ul>
          {entries.map(([key, each]) => (
            <Node key={key} name={key} value={each} depth={depth + 1} />
          ))}
        </ul>
      </details>
    </li>
  );
}

function Leaf({ value }: { readonly value: unknown }) {
  if (typeof value === "string") return <span className="text">{JSON.stringify(value)}</span>;
  return <span className="number">{JSON.stringify(value)}</span>;
}

/** Null for what has no members; a number kept as it was written is none of those. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  if (typeof value !== "object" || value === null || isRaw(value)) return null;
  return Object.entries(value);
}

function isRaw(value: object): boolean {
  return "isRawJSON" in JSON && typeof JSON.isRawJSON === "function" && (JSON.isRawJSON as (value: unknown) => boolean)(value);
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { value } : undefined;
  } catch {
    return undefined;
  }
}
