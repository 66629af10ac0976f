/** What each noun of the APIs is about, in the order of the help; others follow. */
export const NOUNS: Readonly<Record<string, string>> = {
  shops: "the shops of the platform",
  apps: "apps, with their declared webhooks",
  installations: "which app is on which shop, with which scopes",
  webhooks: "subscriptions: which topic goes to which address",
  topics: "what can be subscribed to",
  filters: "what a webhook's filter, changed and fields make of a payload",
  events: "what happened in shops",
  deliveries: "what is owed to webhooks, and what became of it",
  "blocked-keys": "order keys that wait behind a dead letter",
  keys: "platform keys",
  "portal-links": "links that let an app's developers into the portal",
  stats: "counts and latency over time, and what is pending now",
  audit: "who changed what, and when",
  scopes: "what an access token may do",
  endpoints: "addresses of apps: their health, and what they are sent",
  holds: "reasons not to send for a while",
  app: "the app that is logged in",
  secrets: "the app's own secrets",
  replays: "sending many deliveries again, as a job of the server",
};

/** Nouns that are commands of their own, with options. */
export const COMMAND_NOUNS: ReadonlySet<string> = new Set(["stats", "app"]);

export const API_GROUP = "API commands:";
