import { useEffect, useState } from "react";
import { formatAgo, formatMoment } from "../format.ts";
import { words } from "../words.ts";

const TICK_MS = 10_000;

/** Now, again every so often; one clock per place that shows an age. */
export function useNow(everyMs: number = TICK_MS): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A moment in the reader's zone; in UTC, exactly, when pointed at. */
export function Time({ at }: { readonly at: string | null }) {
  if (at === null) return <span className="quiet">{words.time.never}</span>;
  return (
    <time dateTime={at} title={inUtc(at)} className="nowrap">
      {formatMoment(Date.parse(at))}
    </time>
  );
}

/** The same as an age. */
export function Age({ at }: { readonly at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={inUtc(at)} className="nowrap">
      {formatAgo(Date.parse(at), now)}
    </time>
  );
}

function inUtc(at: string): string {
  return `${new Date(at).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}
