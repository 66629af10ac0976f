import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

/**
 * What TLS trusts: the authorities that Node trusts by itself and these further ones. One context for all connections: a list would be read
 * anew, a hundred certificates long, for each. Null: what Node does by itself.
 */
export function trustAlso(certificates: readonly string[] | null): SecureContext | null {
  return certificates === null ? null : createSecureContext({ ca: [...getCACertificates("default"), ...certificates] });
}
