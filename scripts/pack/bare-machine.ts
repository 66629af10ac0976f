import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const COMMAND_MS_MAX = 180_000;

/** Asked of the npm of the machine, not of the Node that the checkout brings along. */
function npmConfig(name: string): string {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const found = path.map((folder) => join(folder, "npm")).find((file) => existsSync(file));
  if (found === undefined) throw new Error("npm is not on the path");
  if (name === "folder") return dirname(realpathSync(found));
  return spawnSync(found, ["config", "get", name], { encoding: "utf8", env: { ...process.env, PATH: path.join(delimiter) } }).stdout.trim();
}

/** What a machine has that has nothing but Node 24 and npm: an empty home, an empty cache, no checkout around it. */
export class BareMachine {
  readonly folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #running = new Set<ChildProcess>();

  constructor(folder: string) {
    this.folder = folder;
    const bin = join(folder, "bin");
    const home = join(folder, "home");
    mkdirSync(bin, { recursive: true });
    mkdirSync(home);
    symlinkSync(process.execPath, join(bin, "node"));
    const npm = npmConfig("folder");
    for (const name of ["npm", "npx"]) {
      writeFileSync(join(bin, name), `#!/bin/sh\nexec "${join(bin, "node")}" "${join(npm, `${name}-cli.js`)}" "$@"\n`);
      chmodSync(join(bin, name), 0o755);
    }
    // What leads to the registry stays: where it is and whom to trust is the machine's, not the user's.
    const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|node_|genhook_|home$|path$|init_cwd$)/i.test(name));
    const certificates = process.env["NODE_EXTRA_CA_CERTS"];
    this.#environment = {
      ...Object.fromEntries(kept),
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: home,
      npm_config_globalconfig: npmConfig("globalconfig"),
      npm_config_update_notifier: "false",
      npm_config_fund: "false",
      npm_config_audit: "false",
      ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }),
    };
  }

  /** A fresh folder with a package.json as `npm init` leaves it, a module. */
  project(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
    return folder;
  }

  /** What a command printed; throws with all that it said when it fails. */
  run(folder: string, command: string, ...args: readonly string[]): string {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: folder,
      env: this.#environment,
      encoding: "utf8",
      timeout: COMMAND_MS_MAX,
    });
    if (status === 0) return stdout;
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? `exit code ${status}`}\n${stdout}${stderr}`);
  }

  /** Starts a command and waits until what it printed fits. */
  async start(folder: string, fits: RegExp, command: string, ...args: readonly string[]): Promise<StartedCommand> {
    // A group of its own, that is stopped as a terminal's Ctrl+C does it: npx does not pass a signal on.
    const child = spawn(command, args, { cwd: folder, env: this.#environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.#running.add(child);
    const said = { text: "" };
    const found = new Promise<RegExpExecArray>((resolve, reject) => {
      const read = (data: Buffer): void => {
        said.text += String(data);
        const match = fits.exec(said.text);
        if (match !== null) resolve(match);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("exit", (code) => {
        this.#running.delete(child);
        reject(new Error(`${command} ${args.join(" ")} ended with ${code}:\n${said.text}`));
      });
    });
    return {
      match: await found,
      stop: async () => {
        const closed = once(child, "close");
        process.kill(-(child.pid ?? 0), "SIGINT");
        await closed;
        return said.text;
      },
    };
  }

  end(): void {
    for (const { pid } of this.#running) if (pid !== undefined) process.kill(-pid, "SIGKILL");
  }
}

interface StartedCommand {
  readonly match: RegExpExecArray;
  /** Asks it to stop; all that it said, once everything that it started has ended. */
  stop(): Promise<string>;
}
