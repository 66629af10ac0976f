/** Those of the known names that a person may have meant, nearest first, at most three. */
export function nearest(text: string, known: Iterable<string>): string[] {
  const wanted = text.toLowerCase();
  const scored = [...known].map((name) => {
    const own = name.toLowerCase();
    const isPart = wanted.length >= 3 && (own.startsWith(wanted) || own.endsWith(`/${wanted}`));
    return { name, distance: isPart ? 0 : distanceOf(wanted, own) };
  });
  const allowed = Math.max(2, Math.floor(wanted.length / 3));
  return scored
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `Did you mean a, b or c?`; null where nothing is near. */
export function didYouMean(text: string, known: Iterable<string>): string | null {
  const names = nearest(text, known);
  const last = names.pop();
  if (last === undefined) return null;
  return `Did you mean ${names.length === 0 ? last : `${names.join(", ")} or ${last}`}?`;
}

/** Damerau-Levenshtein (optimal string alignment): a swap of neighbours is one mistake. */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
