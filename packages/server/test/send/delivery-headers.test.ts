import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bodySignature, signsBodiesOnce } from "../../src/send/delivery-headers.ts";

test("a body that is signed once for several deliveries has the signature that it would have had each time", () => {
  const bodies = ["", "one", "two"].map((text) => Buffer.from(text));
  const step = fc.tuple(fc.constantFrom("secret a", "secret b"), fc.nat(bodies.length - 1));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const sign = signsBodiesOnce();
      for (const [secret, index] of steps) {
        const body = bodies[index] as Buffer;
        expect(sign(secret, body)).toBe(createHmac("sha256", secret).update(body).digest("base64"));
      }
    }),
  );
});

test("it is known again by what it is, not by what it says", () => {
  const sign = signsBodiesOnce();
  const body = Buffer.from("one");
  sign("secret", body);
  const signature = bodySignature("secret", body);
  // Bytes never change under a delivery; here they do, to see that nothing is computed.
  body[0] = 0;
  expect(sign("secret", body)).toBe(signature);
  expect(sign("secret", Buffer.from(body))).not.toBe(signature);
  expect(sign("another", body)).toBe(bodySignature("another", body));
});
