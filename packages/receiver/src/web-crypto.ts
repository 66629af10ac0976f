import { ReceiverError } from "./error.ts";

/** Node 18 has WebCrypto without naming it on `globalThis`; no other runtime comes here. A variable, so that no bundler asks for the module. */
const OLD_NODE_MODULE = "node:crypto";

let found: Crypto | undefined;

/** WebCrypto of the runtime. Throws `ReceiverError` where there is none. */
export async function webCrypto(): Promise<Crypto> {
  found ??= globalThis.crypto ?? (await fromOldNode());
  if ((found.subtle as SubtleCrypto | undefined) === undefined) throw withoutCrypto();
  return found;
}

async function fromOldNode(): Promise<Crypto> {
  try {
    const module = (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ OLD_NODE_MODULE)) as {
      webcrypto: Crypto;
    };
    return module.webcrypto;
  } catch {
    throw withoutCrypto();
  }
}

function withoutCrypto(): ReceiverError {
  return new ReceiverError("crypto_unsupported", "This runtime has no WebCrypto (crypto.subtle).");
}
