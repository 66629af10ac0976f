import { median } from "./median.ts";

/** What one round of a contender tells. */
export interface RoundFigure {
  readonly perSecond: number;
  /** Of all processes that work for it, the store's too. */
  readonly cpuMicros: number;
}

export type Contenders<Figure> = Readonly<Record<string, () => Promise<Figure>>>;
export type InTurns<Figure> = Readonly<Record<string, readonly Figure[]>>;

/**
 * A round of each, in turns, the first one to warm up and not counted. Who begins changes from round to round: what comes second on a machine that
 * others use as well must not always be the same.
 */
export async function inTurns<Figure>(contenders: Contenders<Figure>, rounds: number): Promise<InTurns<Figure>> {
  const names = Object.keys(contenders);
  const results: Record<string, Figure[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (let n = 0; n < names.length; n += 1) {
      const name = names[(n + round) % names.length] as string;
      const figure = await contenders[name]?.();
      // Long runs are watched.
      console.error(`  round ${round} of ${rounds}, ${name}: ${JSON.stringify(figure)}`);
      if (round > 0 && figure !== undefined) results[name]?.push(figure);
    }
  }
  return results;
}

/** The median over all turns of what one makes of two figures of the same turn. */
export function medianOf<Figure>(
  results: InTurns<Figure>,
  name: string,
  other: string,
  of: (mine: Figure, other: Figure) => number,
): number {
  const [mine = [], others = []] = [results[name], results[other]];
  return Number(median(mine.map((figure, n) => of(figure, others[n] as Figure))).toFixed(3));
}

/** How two compare: medians of what one round has over the other's of the same turn. */
export interface Comparison {
  readonly perSecond: number;
  readonly perSecondOfOther: number;
  readonly cpuMicros: number;
  readonly cpuMicrosOfOther: number;
  /** Of the other's deliveries a second. */
  readonly kept: number;
  /** Of the other's deliveries per second of CPU: what is told from neighbours on the machine best. */
  readonly keptPerCpuSecond: number;
}

export function compare(results: InTurns<RoundFigure>, name: string, other: string): Comparison {
  const of = (value: (mine: RoundFigure, other: RoundFigure) => number): number => medianOf(results, name, other, value);
  return {
    perSecond: Math.round(of((mine) => mine.perSecond)),
    perSecondOfOther: Math.round(of((_, others) => others.perSecond)),
    cpuMicros: Math.round(of((mine) => mine.cpuMicros)),
    cpuMicrosOfOther: Math.round(of((_, others) => others.cpuMicros)),
    kept: of((mine, others) => mine.perSecond / others.perSecond),
    keptPerCpuSecond: of((mine, others) => others.cpuMicros / mine.cpuMicros),
  };
}
