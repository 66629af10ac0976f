import type { App, Installation } from "../domain/directory-entries.ts";

/** How far the installations of an app have followed its declaration. */
export interface DeclarationProgress {
  /** All there are now, and those among them that have what the app declares now. */
  readonly installations: number;
  readonly done: number;
  /** Declared webhooks that those could not be given. */
  readonly missing: number;
}

interface OfApp {
  version: number;
  /** Shop → installation that holds now. */
  readonly installations: Map<number, Installation>;
  readonly behind: Set<number>;
  missing: number;
}

/**
 * Which installations have yet to follow their app's declaration. Nothing of it is stored: it follows from the versions that apps and
 * installations carry, so it is right after any crash.
 */
export class DeclarationIndex {
  readonly #apps = new Map<number, OfApp>();
  readonly #appsBehind = new Set<number>();

  putApp(app: App): void {
    if (app.endedAt !== null) {
      this.#apps.delete(app.id);
      this.#appsBehind.delete(app.id);
      return;
    }
    const of = this.#of(app.id);
    if (of.version === app.declaration.version) return;
    of.version = app.declaration.version;
    for (const [shop, installation] of of.installations) this.#judge(of, shop, installation);
    this.#note(app.id, of);
  }

  putInstallation(installation: Installation): void {
    const { app, shop } = installation;
    const of = this.#of(app);
    of.missing -= of.installations.get(shop)?.declaration.missing ?? 0;
    if (installation.endedAt === null) {
      of.installations.set(shop, installation);
      of.missing += installation.declaration.missing;
      this.#judge(of, shop, installation);
    } else {
      of.installations.delete(shop);
      of.behind.delete(shop);
    }
    this.#note(app, of);
  }

  progress(app: number): DeclarationProgress {
    const of = this.#apps.get(app);
    if (of === undefined) return { installations: 0, done: 0, missing: 0 };
    return { installations: of.installations.size, done: of.installations.size - of.behind.size, missing: of.missing };
  }

  /** Apps with installations that are behind. */
  appsBehind(): ReadonlySet<number> {
    return this.#appsBehind;
  }

  /** Shops on which an app's installation is behind. */
  shopsBehind(app: number): ReadonlySet<number> {
    return this.#apps.get(app)?.behind ?? NONE;
  }

  #judge(of: OfApp, shop: number, installation: Installation): void {
    if (installation.declaration.version === of.version) of.behind.delete(shop);
    else of.behind.add(shop);
  }

  #note(app: number, of: OfApp): void {
    if (of.behind.size > 0) this.#appsBehind.add(app);
    else this.#appsBehind.delete(app);
  }

  #of(app: number): OfApp {
    let of = this.#apps.get(app);
    if (of === undefined) this.#apps.set(app, (of = { version: 0, installations: new Map(), behind: new Set(), missing: 0 }));
    return of;
  }
}

const NONE: ReadonlySet<number> = new Set();
