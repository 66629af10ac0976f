const BLOCKS = "▁▂▃▄▅▆▇█";

/** The latest values as a row of blocks, scaled to the largest, or to `scale`; at most `width` of them. */
export function sparkline(values: readonly number[], width: number, scale: number | null = null): string {
  const shown = values.slice(-width);
  const top = scale ?? Math.max(...shown, 0);
  if (top <= 0) return BLOCKS.charAt(0).repeat(shown.length);
  return shown.map((value) => BLOCKS.charAt(Math.min(BLOCKS.length - 1, Math.floor((Math.max(0, value) / top) * BLOCKS.length)))).join("");
}
