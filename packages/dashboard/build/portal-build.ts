import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { builtFolder } from "./source-stamp.ts";

const ERROR_KEPT_LENGTH = 2_000;

/** The portal's built files; built in a process of its own where they are missing or older than their sources, in nobody's way. */
export class PortalBuild {
  readonly #folder: string = builtFolder();
  #isBuilt = false;
  #failure: string | null = null;
  #child: ChildProcess | null = null;

  /** Where the files are; null until they are built. */
  get folder(): string | null {
    this.#isBuilt ||= existsSync(join(this.#folder, "index.html"));
    return this.#isBuilt ? this.#folder : null;
  }

  /** Why there will be none, in words for the operator; null where there is no reason to think so. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Builds where there is a need to. `onFailure` is told what the build said. */
  start(onFailure: (reason: string) => void): void {
    if (this.folder !== null) return;
    const child = spawn(process.execPath, [join(import.meta.dirname, "build-portal.ts")], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    let said = "";
    const fail = (reason: string): void => {
      this.#failure = "Building it failed; the server's own output says why.";
      onFailure(reason);
    };
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-ERROR_KEPT_LENGTH);
    });
    child.on("error", (error) => fail(error.message));
    child.on("close", (code, signal) => {
      this.#child = null;
      if (code !== 0 && signal === null) fail(said.trim());
    });
    child.unref();
  }

  /** Ends a build under way. */
  stop(): void {
    this.#child?.kill();
  }
}
