/**
 * The text of each `payload` in an answer of catch-up, as it stands there: parsed and written again it would no longer be what is signed in
 * production. `text` is valid JSON: `{"events":[{…,"payload":…},…],"last":…}`; the answer has one entry for each that has a payload.
 */
export function payloadTexts(text: string): readonly string[] {
  const texts: string[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    else if (character === '"') {
      const end = stringEnd(text, at);
      const value = depth === DEPTH_OF_EVENT && text.slice(at, end) === '"payload"' ? valueStart(text, end) : null;
      if (value === null) at = end - 1;
      else {
        const over = valueEnd(text, value);
        texts.push(text.slice(value, over));
        at = over - 1;
      }
    }
  }
  return texts;
}

/** The answer, its list, the event. */
const DEPTH_OF_EVENT = 3;

/** Where the value of a member begins whose name ends here; null where it was no name. */
function valueStart(text: string, nameEnd: number): number | null {
  const match = /[\t\n\r ]*:[\t\n\r ]*/y;
  match.lastIndex = nameEnd;
  return match.test(text) ? match.lastIndex : null;
}

function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    else continue;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/** Behind the closing quote of the string that begins here. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
