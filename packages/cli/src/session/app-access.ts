import { readProfiles, withProfile, writeProfiles, type AppAccess } from "./profiles.ts";

/** What an app signs in with. */
export interface AppSecrets {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Where the token is kept between two commands. */
export interface AccessKeeper {
  read(): AppAccess | null;
  write(access: AppAccess): void;
}

/** A token that ends sooner than this is exchanged anew. */
const ENDS_SOON_MS = 60_000;

/** In the profile that the secrets come from; it may have been changed or forgotten by another command meanwhile. */
export function keepInProfile(path: string, name: string, secrets: AppSecrets): AccessKeeper {
  const find = (): ReturnType<typeof readProfiles>["profiles"][string] | null => {
    const profile = readProfiles(path).profiles[name];
    return profile?.clientId === secrets.clientId && profile.clientSecret === secrets.clientSecret ? profile : null;
  };
  return {
    read: () => find()?.access ?? null,
    write: (access) => {
      const profile = find();
      if (profile === null) return;
      const before = readProfiles(path);
      writeProfiles(path, { ...withProfile(before, name, { ...profile, access }), current: before.current });
    },
  };
}

export function keepInMemory(): AccessKeeper {
  let kept: AppAccess | null = null;
  return {
    read: () => kept,
    write: (access) => {
      kept = access;
    },
  };
}

/**
 * `fetch` as an app: with a token that client id and secret are exchanged for when it is first needed, and once more when it turns out to
 * have ended. What the exchange is refused with is the call's answer.
 */
export function fetchAsApp(origin: string, secrets: AppSecrets, keeper: AccessKeeper): typeof fetch {
  const exchange = async (signal: AbortSignal | null | undefined): Promise<string | Response> => {
    const response = await fetch(`${origin}/apps/v1/token`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(secrets),
      ...(signal === undefined || signal === null ? {} : { signal }),
    });
    if (!response.ok) return response;
    const { token } = (await response.json()) as { token: AppAccess };
    keeper.write({ token: token.token, expiresAt: token.expiresAt });
    return token.token;
  };
  return async (input, init = {}) => {
    const kept = keeper.read();
    const isGood = kept !== null && Date.parse(kept.expiresAt) - Date.now() > ENDS_SOON_MS;
    const token = isGood ? kept.token : await exchange(init.signal);
    if (typeof token !== "string") return token;
    const response = await fetch(input, withToken(init, token));
    if (response.status !== 401 || !isGood) return response;
    const another = await exchange(init.signal);
    return typeof another === "string" ? fetch(input, withToken(init, another)) : another;
  };
}

function withToken(init: RequestInit, token: string): RequestInit {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${token}`);
  return { ...init, headers };
}
