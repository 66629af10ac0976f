export { signHmac, signQuery, signStandard } from "./sign.ts";
export { signedDelivery, signedRequest, type SignedDelivery, type SignedDeliveryOptions } from "./signed-request.ts";
export { makeSigningKeys, makeSigningSecret } from "./signing-keys.ts";
