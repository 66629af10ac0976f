const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(0|[1-9][0-9]{0,9})(ms|s|m|h|d)$/;

/** Reads a duration: a whole number and ms, s, m, h or d. Null when the text is none. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text.trim());
  if (match === null) return null;
  return Number(match[1]) * (UNITS_MS[match[2] ?? ""] ?? 0);
}

/** The shortest text that reads back to the same duration. */
export function formatDuration(durationMs: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const unitMs = UNITS_MS[unit] ?? 1;
    if (durationMs !== 0 && durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return `${durationMs}ms`;
}
