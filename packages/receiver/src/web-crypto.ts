import { ReceiverError } from "./error.ts";

/** Node 18 has WebCrypto without naming it on `globalThis`; no other runtime comes here. A variable, so that no bundler asks for the module. */
const OLD_NODE_MODULE = "node:crypto";

/** The type has another name with Node's types than with the DOM's. */
type WebCrypto = typeof globalThis.crypto;

let found: WebCrypto | undefined;

/** WebCrypto of the runtime. Throws `ReceiverError` where there is none. */
export async function webCrypto(): Promise<WebCrypto> {
  found ??= globalThis.crypto ?? (await fromOldNode());
  if ((found.subtle as unknown) === undefined) throw withoutCrypto();
  return found;
}

async function fromOldNode(): Promise<WebCrypto> {
  try {
    const module = (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ OLD_NODE_MODULE)) as {
      webcrypto: WebCrypto;
    };
    return module.webcrypto;
  } catch {
    throw withoutCrypto();
  }
}

function withoutCrypto(): ReceiverError {
  return new ReceiverError("crypto_unsupported", "This runtime has no WebCrypto (crypto.subtle).");
}
