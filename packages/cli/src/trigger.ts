import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TOPIC_BY_NAME, TOPICS } from "@genhook/contract";
import { ApiError, platformClient, type ApiClient } from "./api-client.ts";

export interface TriggerFlags {
  readonly shop?: string;
  readonly clientId?: string;
  readonly payload?: string;
  readonly url: string;
  readonly key?: string;
  readonly data: string;
  readonly wait: boolean;
}

interface Delivery {
  readonly webhookId: number;
  readonly address: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attemptCount: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly nextAttemptAt: string | null;
}

const LOOK_EVERY_MS = 100;
const WAIT_MAX_MS = 10_000;

/** `genhook trigger`: publishes one event and shows each delivery's first outcome. */
export async function trigger(topic: string, flags: TriggerFlags): Promise<void> {
  const sample = TOPIC_BY_NAME.get(topic);
  if (sample === undefined) {
    const [domain] = topic.split("/");
    const near = TOPICS.filter((each) => each.name.startsWith(`${domain ?? ""}/`)).map((each) => each.name);
    throw new ApiError(
      0,
      "unknown_topic",
      `There is no topic "${topic}". ${near.length === 0 ? "Topics" : "There is"}: ${(near.length === 0 ? TOPICS.map((each) => each.name) : near).join(", ")}`,
    );
  }
  const api = platformClient(flags.url, readKey(flags));
  const shop = flags.shop ?? (await onlyShop(api));
  const payload = flags.payload === undefined ? sample.sample : readPayload(flags.payload);
  const { event } = await api.call<{ event: { id: string; deliveries: number } }>("POST", "/platform/v1/events", {
    shop,
    topic,
    payload,
    ...(flags.clientId === undefined ? {} : { clientId: flags.clientId }),
  });
  process.stdout.write(`event ${event.id}: ${event.deliveries} ${event.deliveries === 1 ? "delivery" : "deliveries"}\n`);
  if (event.deliveries === 0) process.stdout.write(`no webhook on ${shop} has the topic ${topic}\n`);
  else if (flags.wait) await show(api, event.id);
}

async function show(api: ApiClient, id: string): Promise<void> {
  const until = performance.now() + WAIT_MAX_MS;
  let deliveries: readonly Delivery[] = [];
  do {
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS);
    });
    ({ deliveries } = (await api.call<{ event: { deliveries: Delivery[] } }>("GET", `/platform/v1/events/${id}`)).event);
  } while (deliveries.some((each) => each.state === "pending" && each.attemptCount === 0) && performance.now() < until);
  for (const each of deliveries) {
    const answer = each.lastStatus ?? each.lastError ?? "no attempt yet";
    const next = each.nextAttemptAt === null ? "" : `, next attempt ${each.nextAttemptAt}`;
    const reason = each.reason === null ? "" : ` (${each.reason})`;
    process.stdout.write(`  ${each.state}${reason}: webhook ${each.webhookId} at ${each.address}: ${answer}${next}\n`);
  }
}

function readKey(flags: TriggerFlags): string {
  const given = flags.key ?? process.env["GENHOOK_PLATFORM_KEY"];
  if (given !== undefined) return given;
  const file = join(flags.data, "platform-key");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  throw new ApiError(
    0,
    "token_missing",
    `Give --key, or set GENHOOK_PLATFORM_KEY, or --data with the folder of the server's data (no ${file}).`,
  );
}

async function onlyShop(api: ApiClient): Promise<string> {
  const { shops } = await api.call<{ shops: { domain: string }[] }>("GET", "/platform/v1/shops?limit=2");
  const [first] = shops;
  if (shops.length === 1 && first !== undefined) return first.domain;
  throw new ApiError(
    0,
    "missing_member",
    shops.length === 0 ? "There is no shop yet: POST /platform/v1/shops makes one." : "Give --shop: there are several.",
  );
}

function readPayload(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8"));
  } catch (error) {
    throw new ApiError(0, "malformed_json", `${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
