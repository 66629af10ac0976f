export { CatchUpError, type CatchUpCode, type CaughtUp } from "./catch-up-answer.ts";
export { catchUp, type CatchUpAccess, type CatchUpOptions } from "./catch-up.ts";
export { closeGaps, type ClosedGaps, type CloseGapsOptions } from "./close-gaps.ts";
export { gapDetector, type GapDetector, type GapDetectorOptions } from "./gap-detector.ts";
export { memoryPositions, type PositionStore } from "./position-store.ts";
export type { Finding, Gap, NumberRange, Position } from "./position.ts";
