import { ReceiverError, type Reason } from "../src/index.ts";
import { signedDelivery, type SignedDelivery, type SignedDeliveryOptions } from "../src/testing/index.ts";

export const SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const OTHER_SIGNING = "whsec_c29tZSBvdGhlciBzZWNyZXQgb2YgMjQgYg==";
export const CLIENT = "client-secret";
export const BODY = '{"order":{"id":300157930096874,"total":1.10}}';

/** A delivery of `orders/create`, signed both ways unless told otherwise. */
export function delivery(more: Partial<SignedDeliveryOptions> = {}): Promise<SignedDelivery> {
  return signedDelivery({ topic: "orders/create", body: BODY, clientSecret: CLIENT, signingSecret: SIGNING, ...more });
}

/** The error that something refused with. */
export async function refusal(promise: Promise<unknown>): Promise<ReceiverError> {
  const error: unknown = await promise.then(
    () => new Error("It was not refused"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ReceiverError) return error;
  throw error;
}

export async function reasonOf(promise: Promise<unknown>): Promise<Reason> {
  return (await refusal(promise)).reason;
}

/** Something that can be waited for until it is called. */
export function signal(): { readonly promise: Promise<void>; readonly fire: () => void } {
  let fire = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { promise, fire };
}
