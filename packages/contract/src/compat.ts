import { ROUTES } from "./routes.ts";

/** How firmly a choice stands: `seed` the platform's own document, `public` its partner documentation, `sibling` what comparable platforms do, `ours`. */
export type Evidence = "seed" | "public" | "sibling" | "ours";

export interface CompatChoice {
  readonly subject: string;
  readonly choice: string;
  readonly evidence: Evidence;
  readonly ground: string;
}

/** Everything that the platform's documents leave open or contradict, in one place, so that one place changes once a real shop can be observed. */
export const COMPAT_CHOICES: readonly CompatChoice[] = [
  {
    subject: "success of a delivery",
    choice: "any 2xx",
    evidence: "public",
    ground: "One sentence says 200 OK, the next 'outside the 200 range'.",
  },
  {
    subject: "what fails eight times",
    choice: "one delivery, not the subscription",
    evidence: "public",
    ground: "The Chinese edition says: a notification.",
  },
  {
    subject: "deadline of an attempt",
    choice: "5 s over everything",
    evidence: "sibling",
    ground: "Shopify; the platform says 'promptly'.",
  },
  {
    subject: "waits between attempts",
    choice: "10 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, ±20 %",
    evidence: "ours",
    ground: "Shopify makes eight attempts over four hours; its gaps are unpublished.",
  },
  {
    subject: "body HMAC",
    choice: "base64 of HMAC-SHA256(client secret, raw body)",
    evidence: "public",
    ground: "The sample value is no hex; the client secret is named as the key; the raw body is what siblings sign.",
  },
  {
    subject: "X-Genstore-Webhook-Id",
    choice: "the subscription's id as the REST API gives it; its UUID by a setting",
    evidence: "seed",
    ground: "'Unique ID of the app's Webhook subscription', while the sample is UUID-shaped.",
  },
  {
    subject: "X-Genstore-Triggered-At",
    choice: "the same on every attempt, nine fractional digits, UTC",
    evidence: "sibling",
    ground: "The seed's sample; Shopify keeps it on retries.",
  },
  {
    subject: "path of webhooks",
    choice: "/api/202412/app/webhooks",
    evidence: "public",
    ground: "The reference and the newer guide; an older copy has /webhooks.json.",
  },
  {
    subject: "webhook id",
    choice: "emitted as a number, read as number or decimal string",
    evidence: "public",
    ground: "The guide prints a number, the reference a string.",
  },
  {
    subject: "same topic and address twice",
    choice: "409",
    evidence: "ours",
    ground: "The status table has 409 Resource Conflict; Shopify answers 422.",
  },
  {
    subject: "update body",
    choice: "id and what only the server sets may go along, and change nothing; the id must be the path's",
    evidence: "sibling",
    ground: "Its parameters are unreadable; clients of Shopify send back the object that they read.",
  },
  { subject: "delete answer", choice: "200 {}", evidence: "public", ground: "As DELETE /oauth2/uninstall answers." },
  { subject: "count answer", choice: '{"count": n}', evidence: "sibling", ground: "Shopify." },
  {
    subject: "products/* names",
    choice: "create, update, delete",
    evidence: "public",
    ground: "Every other domain uses exactly these; the page's own list is cut.",
  },
  { subject: "delete payloads", choice: "root with the id alone", evidence: "sibling", ground: "Shopify sends only the id." },
  {
    subject: "order and refund payloads for 202410",
    choice: "the older of the two generations on the public pages; what only the newer one has is left out",
    evidence: "public",
    ground: "Both generations are printed under one address; that the older one is 202410 is read from the address with that version.",
  },
  {
    subject: "an order's paymentGatewayNames in 202410",
    choice: "the list's own JSON text",
    evidence: "public",
    ground: 'The older page declares a string and prints ["authorize_net","Cash on Delivery (COD)"].',
  },
  {
    subject: "compliance payloads",
    choice: "Shopify's members in Genstore's spelling under one root",
    evidence: "sibling",
    ground: "No payload is readable.",
  },
  {
    subject: "compliance addresses",
    choice: "set with the app, not subscribed per shop",
    evidence: "public",
    ground: "The partner portal's app configuration.",
  },
  {
    subject: "scopes of orders, products, customers, discounts, collections, refunds",
    choice: "read_ or write_ of the domain",
    evidence: "public",
    ground: "The pattern of every page whose scopes are readable.",
  },
  {
    subject: "rate limit",
    choice: "40 tokens at 2 per second; plans 40/4, 200/20, 400/40",
    evidence: "public",
    ground: "Text and table of the same page contradict each other; the text holds without a plan.",
  },
  { subject: "Retry-After on 429", choice: "sent", evidence: "ours", ground: "None was seen; clients that know it wait better." },
];

/** Calls that the platform's own documents name; everything else is ours. */
export const ORIGINAL_OPERATIONS: ReadonlySet<string> = new Set(
  ROUTES.filter(({ operation }) =>
    ["createWebhook", "listWebhooks", "countWebhooks", "getWebhook", "updateWebhook", "deleteWebhook", "getScopes", "uninstall"].includes(
      operation,
    ),
  ).map(({ operation }) => operation),
);
