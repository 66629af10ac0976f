import { schemaRows } from "@genhook/server/docs/schema-rows";
import { markdownTable, proseText } from "./markdown-table.ts";

/** The members of a schema, the outer ones before the inner ones; nothing where it names none. */
export function memberTable(schema: unknown): readonly string[] {
  const rows = schemaRows(schema).map(({ path, type, isRequired, description }) => {
    // What a member is expected to be says more than its type; what it means is a sentence.
    const isSentence = description.endsWith(".");
    const value = description === "" || isSentence ? type : description;
    return [`\`${path}\`${isRequired ? " _required_" : ""}`, proseText(value), isSentence ? proseText(description) : ""];
  });
  const isSaid = rows.some(([, , note]) => note !== "");
  return isSaid
    ? markdownTable(["member", "value", ""], rows)
    : markdownTable(
        ["member", "value"],
        rows.map((row) => row.slice(0, 2)),
      );
}
