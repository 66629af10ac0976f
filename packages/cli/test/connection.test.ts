import { mkdtempSync, readFileSync, rmSync, statSync, chmodSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { announceOrigin, readDataFolder, type DataFolder } from "../src/session/data-folder.ts";
import { keepInMemory } from "../src/session/app-access.ts";
import { resolveConnection, type ConnectionFlags, type Wanted } from "../src/session/connection.ts";
import { profilesPath, type Profiles } from "../src/session/profiles.ts";
import { runCommand, ScriptedApi } from "./harness.ts";

const PROFILES: Profiles = {
  current: "prod",
  profiles: { prod: { url: "https://hooks.example", key: "prod-key" }, app: { url: "https://hooks.example", token: "app-token" } },
};
const APP: Profiles = {
  current: "own",
  profiles: { own: { url: "https://hooks.example", clientId: "CLIENT", clientSecret: "client-secret" } },
};
const NONE: Profiles = { current: null, profiles: {} };
const LOCAL: DataFolder = {
  folder: "./genhook-data",
  key: "local-key",
  origins: { platformOrigin: "http://127.0.0.1:9999", origin: "http://127.0.0.1:9998" },
};
const IDLE: DataFolder = { ...LOCAL, origins: null };

interface Setting {
  readonly flags?: ConnectionFlags;
  readonly environment?: Record<string, string>;
  readonly profiles?: Profiles;
  readonly data?: DataFolder;
  readonly wanted?: Wanted;
}

function resolve({
  flags = {},
  environment = {},
  profiles = NONE,
  data,
  wanted = ["platform"],
}: Setting): readonly [string, string, string] {
  const dataFolder = (folder: string): DataFolder | null => (data?.folder === folder ? data : null);
  const sources = { flags, environment, profiles: () => profiles, dataFolder, keeper: keepInMemory };
  const { origin, credentials, credentialsFrom, signIn } = resolveConnection(sources, wanted);
  return [
    origin,
    credentials.kind === "platform"
      ? credentials.key
      : credentials.kind === "app"
        ? credentials.accessToken
        : `${signIn?.secrets.clientId}:${signIn?.secrets.clientSecret}`,
    credentialsFrom,
  ];
}

describe("where a command calls, and as whom", () => {
  const env = { GENHOOK_URL: "http://env:1", GENHOOK_PLATFORM_KEY: "env-key" };
  const cases: readonly (readonly [name: string, setting: Setting, expected: readonly [string, string, string]])[] = [
    ["the folder beside a server that runs here", { data: LOCAL }, ["http://127.0.0.1:9999", "local-key", "genhook-data/platform-key"]],
    ["the folder of one that does not", { data: IDLE }, ["http://127.0.0.1:8080", "local-key", "genhook-data/platform-key"]],
    ["a profile wins over the folder", { data: LOCAL, profiles: PROFILES }, ["https://hooks.example", "prod-key", 'profile "prod"']],
    [
      "--data wins over a profile",
      { flags: { data: "./genhook-data" }, data: LOCAL, profiles: PROFILES },
      ["http://127.0.0.1:9999", "local-key", "genhook-data/platform-key"],
    ],
    ["the environment wins over a profile", { environment: env, profiles: PROFILES }, ["http://env:1", "env-key", "GENHOOK_PLATFORM_KEY"]],
    [
      "a profile that is named wins over the environment",
      { flags: { profile: "prod" }, environment: env, profiles: PROFILES },
      ["https://hooks.example", "prod-key", 'profile "prod"'],
    ],
    [
      "flags win over all",
      { flags: { url: "hooks.example:1", key: "k" }, environment: env, profiles: PROFILES, data: LOCAL },
      ["http://hooks.example:1", "k", "--key"],
    ],
    [
      "a token where a token is wanted",
      { environment: { GENHOOK_ACCESS_TOKEN: "t" }, data: IDLE, wanted: ["app"] },
      ["http://127.0.0.1:8080", "t", "GENHOOK_ACCESS_TOKEN"],
    ],
    [
      "a token goes to the App API's own port",
      { flags: { token: "t" }, data: LOCAL, wanted: ["app"] },
      ["http://127.0.0.1:9998", "t", "--token"],
    ],
    ["either, where either will do", { flags: { token: "t" }, wanted: ["platform", "app"] }, ["http://127.0.0.1:8080", "t", "--token"]],
    [
      "an app over all its shops, where that will do",
      { profiles: APP, environment: { GENHOOK_ACCESS_TOKEN: "" }, wanted: ["platform", "apps"] },
      ["https://hooks.example", "CLIENT:client-secret", 'profile "own"'],
    ],
    [
      "the environment's app, only with both its id and its secret",
      { environment: { GENHOOK_CLIENT_ID: "ID", GENHOOK_CLIENT_SECRET: "s" }, data: LOCAL, wanted: ["apps"] },
      ["http://127.0.0.1:9998", "ID:s", "GENHOOK_CLIENT_ID"],
    ],
    [
      "a secret without an id is none to sign in with",
      { environment: { GENHOOK_CLIENT_SECRET: "s" }, data: LOCAL, wanted: ["apps", "platform"] },
      ["http://127.0.0.1:9999", "local-key", "genhook-data/platform-key"],
    ],
    [
      "an app's profile",
      { flags: { profile: "app" }, profiles: PROFILES, wanted: ["platform", "app"] },
      ["https://hooks.example", "app-token", 'profile "app"'],
    ],
  ];
  it.each(cases)("%s", (_, setting, expected) => expect(resolve(setting)).toEqual(expected));

  it("a key of this machine is not sent to another one, nor a profile's key to another server", () => {
    expect(() => resolve({ flags: { url: "https://elsewhere.example" }, data: LOCAL })).toThrow(/no platform key for https:\/\/elsewhere/);
    expect(() => resolve({ flags: { url: "https://elsewhere.example" }, profiles: PROFILES })).toThrow(/no platform key/);
    for (const url of ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"])
      expect(resolve({ flags: { url }, data: LOCAL })[1]).toBe("local-key");
    for (const url of ["http://127.0.0.1.example:1", "http://localhost.example"])
      expect(() => resolve({ flags: { url }, data: LOCAL })).toThrow(/no platform key/);
  });

  it("says what is missing, and what is no origin", () => {
    expect(() => resolve({})).toThrow(/no platform key/);
    expect(() => resolve({ environment: { GENHOOK_ACCESS_TOKEN: "t" } })).toThrow(/only an app's access token/);
    expect(() => resolve({ wanted: ["app"] })).toThrow(/access token for one shop/);
    expect(() => resolve({ wanted: ["apps"] })).toThrow(/client id and client secret/);
    expect(() => resolve({ profiles: APP })).toThrow(/only an app's client id and secret/);
    expect(() => resolve({ flags: { profile: "prdo" }, profiles: PROFILES })).toThrow(/no profile "prdo"/);
    for (const url of ["https://a.example/path", "https://u:p@a.example", "not an origin"])
      expect(() => resolve({ flags: { url, key: "k" } })).toThrow(/--url/);
  });
});

describe("login", () => {
  let home = "";
  const api = new ScriptedApi();
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "genhook-login-"));
    api.on("GET /platform/v1/topics", ({ headers }) =>
      headers.authorization === "Bearer good" ? { body: { topics: [] } } : { status: 401, body: { error: "no", code: "token_invalid" } },
    );
    if (api.origin === "") await api.start();
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));
  const genhook = (args: readonly string[], rest: Parameters<typeof runCommand>[1] = {}): ReturnType<typeof runCommand> =>
    runCommand(args, { ...rest, environment: { HOME: home, ...rest.environment } });
  const path = (): string => profilesPath({ HOME: home });

  it("keeps a key that works, for this user alone, and the other commands find it", async () => {
    expect((await genhook(["login", "--url", api.origin, "--profile", "local"], { typed: ["good"] })).exit).toBe(0);
    expect([statSync(path()).mode & 0o777, statSync(dirname(path())).mode & 0o777]).toEqual([0o600, 0o700]);
    expect((await genhook(["topics"])).exit).toBe(0);
    const listed = await genhook(["profiles"]);
    expect(listed.out).toContain("local");
    expect(listed.out).not.toContain("good");
  });

  it("asks for what is not given, and never shows the key", async () => {
    const { exit, out, error } = await genhook(["login"], { typed: [api.origin, "good"] });
    expect([exit, out]).toEqual([0, ""]);
    expect(error).toContain("Platform key");
    expect(error).not.toContain("good");
  });

  it("takes the key from standard input, so that it stands in no history", async () => {
    expect((await genhook(["login", "--url", api.origin], { input: "good\n" })).exit).toBe(0);
    expect(JSON.parse(readFileSync(path(), "utf8"))).toEqual({
      current: "default",
      profiles: { default: { url: api.origin, key: "good" } },
    });
  });

  describe("as an app", () => {
    const SECRETS = { clientId: "DE30", clientSecret: "good-secret" };
    let exchanged = 0;
    let inForce = "";
    beforeEach(() => {
      exchanged = 0;
      api.on("POST /apps/v1/token", ({ body }) => {
        if ((JSON.parse(body) as typeof SECRETS).clientSecret !== SECRETS.clientSecret)
          return { status: 401, body: { error: "The client id or the client secret is wrong.", code: "token_invalid" } };
        exchanged += 1;
        inForce = `token-${exchanged}`;
        return {
          status: 201,
          body: { token: { token: inForce, clientId: "DE30", expiresAt: new Date(Date.now() + 3_600_000).toISOString() } },
        };
      });
      for (const call of ["GET /apps/v1/token", "GET /apps/v1/deliveries"]) {
        api.on(call, ({ headers }) =>
          headers.authorization === `Bearer ${inForce}`
            ? { body: { deliveries: [], token: {} } }
            : { status: 401, body: { error: "The token has ended.", code: "token_invalid" } },
        );
      }
    });
    const logIn = (typed: readonly string[]): ReturnType<typeof runCommand> =>
      genhook(["login", "--url", api.origin, "--client-id", "DE30", "--profile", "own"], { typed });

    it("keeps its secrets, and exchanges them for a token that the next commands use until it ends", async () => {
      const { exit, out, error } = await logIn(["good-secret", "whsec_c2VjcmV0"]);
      expect([exit, out]).toEqual([0, ""]);
      expect(error).not.toMatch(/good-secret|c2VjcmV0/);
      expect(error).toContain("as app DE30");
      expect((await genhook(["deliveries"])).exit).toBe(0);
      const before = exchanged;
      expect((await genhook(["deliveries"])).exit).toBe(0);
      expect(exchanged).toBe(before);
      expect(statSync(path()).mode & 0o777).toBe(0o600);
      const { profiles } = JSON.parse(readFileSync(path(), "utf8")) as Profiles;
      expect(profiles["own"]).toMatchObject({ ...SECRETS, signingSecret: "whsec_c2VjcmV0", access: { token: inForce } });
      // A secret was replaced: the token ended before its time.
      inForce = "another";
      expect((await genhook(["deliveries"])).exit).toBe(0);
      expect(exchanged).toBe(before + 1);
      const listed = await genhook(["profiles", "--json"]);
      expect(listed.out).toContain("app DE30");
      expect(listed.out).not.toMatch(/good-secret|token-|c2VjcmV0/);
    });

    it("keeps no secret that is wrong, and says so", async () => {
      const { exit, error } = await logIn(["bad-secret", ""]);
      expect([exit, error]).toEqual([4, expect.stringContaining("The client id or the client secret is wrong.")]);
      expect((await genhook(["profiles"])).error).toContain("no profiles yet");
    });

    it("takes both secrets from standard input, and from the environment without a profile", async () => {
      const piped = await genhook(["login", "--url", api.origin, "--client-id", "DE30"], { input: "good-secret\nwhsec_c2VjcmV0\n" });
      expect(piped.exit).toBe(0);
      expect((JSON.parse(readFileSync(path(), "utf8")) as Profiles).profiles["default"]).toMatchObject({ signingSecret: "whsec_c2VjcmV0" });
      await genhook(["logout"]);
      const environment = { GENHOOK_URL: api.origin, GENHOOK_CLIENT_ID: "DE30", GENHOOK_CLIENT_SECRET: "good-secret" };
      expect((await genhook(["deliveries"], { environment })).exit).toBe(0);
      const wrong = await genhook(["deliveries"], { environment: { ...environment, GENHOOK_CLIENT_SECRET: "bad" } });
      expect([wrong.exit, wrong.error]).toEqual([4, expect.stringContaining("GENHOOK_CLIENT_ID")]);
    });
  });

  it("keeps nothing that does not work", async () => {
    const { exit, error } = await genhook(["login", "--url", api.origin, "--key", "bad"]);
    expect([exit, error]).toEqual([4, expect.stringContaining("Nothing was kept.")]);
    expect((await genhook(["profiles"])).error).toContain("no profiles yet");
  });

  it("profiles are changed and forgotten", async () => {
    for (const profile of ["a", "b"]) await genhook(["login", "--url", api.origin, "--key", "good", "--profile", profile]);
    expect((await genhook(["profiles", "--json"])).out).toContain('{"name":"b","url":');
    expect((await genhook(["profiles", "use", "a"])).exit).toBe(0);
    expect((await genhook(["profiles", "use", "x"])).exit).toBe(3);
    expect((await genhook(["logout"])).error).toContain('"a"');
    expect((await genhook(["logout"])).exit).toBe(3);
    expect((await genhook(["logout", "b"])).exit).toBe(0);
  });

  it("a file that others may read, or that is damaged, is refused and says what to do", async () => {
    await genhook(["login", "--url", api.origin, "--key", "good"]);
    chmodSync(path(), 0o644);
    expect((await genhook(["topics"])).error).toContain("chmod 600");
    chmodSync(path(), 0o600);
    writeFileSync(path(), "{");
    expect((await genhook(["topics"])).error).toContain("damaged");
  });

  it("a server leaves its origin beside its data, and takes back only its own", () => {
    const at = (port: number): { platformOrigin: string; origin: string } => ({
      platformOrigin: `http://127.0.0.1:${port}`,
      origin: `http://127.0.0.1:${port + 1}`,
    });
    const forget = announceOrigin(home, at(1));
    expect(readDataFolder(home)).toEqual({ folder: home, key: null, origins: at(1) });
    const other = announceOrigin(home, at(5));
    forget();
    expect(readDataFolder(home)?.origins).toEqual(at(5));
    other();
    expect(readDataFolder(home)).toBeNull();
    announceOrigin(join(home, "none"), at(9))();
    expect(readDataFolder(join(home, "none"))).toBeNull();
  });
});
