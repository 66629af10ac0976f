import { paint, printLine, type Terminal } from "../output/terminal.ts";
import { count, oneLine, wrap } from "../output/text.ts";
import { CHECKS, PARTS, type Check, type CheckId, type Part } from "./check-table.ts";
import type { Judgement, Verdict } from "./judge.ts";

/** A check with what came of it. */
export interface Result {
  readonly id: CheckId;
  readonly level: Check["level"];
  readonly verdict: Verdict;
  readonly says: readonly string[];
  readonly mend: string;
}

const DOCS_PAGE = "docs/conformance.md";
const WIDTH_DEFAULT = 100;
const INDENT = "    ";

export function resultOf(id: CheckId, { verdict, says, lesser }: Judgement): Result {
  const { level, mend } = lesser ?? CHECKS[id];
  return { id, level, verdict, says, mend };
}

export function docsLink(id: CheckId): string {
  return `${DOCS_PAGE}#${id}`;
}

/** Shows results as they come, part by part. */
export class ReportView {
  readonly #terminal: Terminal;
  #part: Part | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(result: Result): void {
    const terminal = this.#terminal;
    const check: Check = CHECKS[result.id];
    if (check.part !== this.#part) {
      if (this.#part !== null) printLine(terminal);
      printLine(terminal, paint(terminal, "bold", PARTS[check.part]));
      this.#part = check.part;
    }
    const isRight = result.verdict === "right";
    printLine(terminal, `${markOf(result, terminal)} ${check.title}${isRight ? paint(terminal, "dim", asRemark(result.says)) : ""}`);
    if (isRight) return;
    const mend = result.verdict === "wrong" ? [result.mend] : [];
    for (const line of [...result.says.map(oneLine), ...mend].flatMap((text) => wrap(text, this.#width())))
      printLine(terminal, INDENT + line);
    if (result.verdict === "wrong") printLine(terminal, paint(terminal, "dim", INDENT + docsLink(result.id)));
  }

  /** What it comes to, in one line. */
  end(results: readonly Result[], left: number): void {
    const of = (verdict: Verdict, level?: Check["level"]): number =>
      results.filter((each) => each.verdict === verdict && (level === undefined || each.level === level)).length;
    const terminal = this.#terminal;
    const advice = of("wrong", "should");
    const parts = [
      paint(terminal, "green", `${of("right")} right`),
      paint(terminal, of("wrong", "must") > 0 ? "red" : "dim", `${of("wrong", "must")} wrong`),
      ...(advice === 0 ? [] : [paint(terminal, "yellow", count(advice, "thing could be better", "things could be better"))]),
      paint(terminal, "dim", `${of("not_judged") + left} could not be judged`),
    ];
    printLine(terminal);
    printLine(terminal, parts.join(", "));
  }

  #width(): number {
    return (Number.isFinite(this.#terminal.width) ? this.#terminal.width : WIDTH_DEFAULT) - INDENT.length;
  }
}

function markOf({ verdict, level }: Result, terminal: Terminal): string {
  if (verdict === "right") return paint(terminal, "green", "✓");
  if (verdict === "not_judged") return paint(terminal, "dim", "–");
  return level === "must" ? paint(terminal, "red", "✗") : paint(terminal, "yellow", "!");
}

function asRemark(says: readonly string[]): string {
  return says.length === 0 ? "" : `  ${says.join(" ")}`;
}
