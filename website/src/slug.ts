/** A heading's anchor as GitHub makes it; the site is told to make the same, so that a link works in both. Repeated ones get `-1`, `-2`. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");
}
