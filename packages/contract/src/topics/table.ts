import { appTopics } from "./app.ts";
import { authorizationTopics } from "./authorization.ts";
import { billingTopics } from "./billing.ts";
import { collectionTopics } from "./collections.ts";
import { complianceTopics } from "./compliance.ts";
import { customerTopics } from "./customers.ts";
import { discountTopics } from "./discounts.ts";
import { orderTopics } from "./orders.ts";
import { productTopics } from "./products.ts";
import { refundTopics } from "./refunds.ts";
import { shopTopics } from "./shop.ts";
import type { Topic } from "./topic.ts";

/** Every topic, grouped by business domain: the one source for validation, scopes, docs, samples and generated types. */
export const TOPICS: readonly Topic[] = [
  ...orderTopics,
  ...productTopics,
  ...collectionTopics,
  ...customerTopics,
  ...refundTopics,
  ...discountTopics,
  ...shopTopics,
  ...appTopics,
  ...authorizationTopics,
  ...billingTopics,
  ...complianceTopics,
];

export const TOPIC_BY_NAME: ReadonlyMap<string, Topic> = new Map(TOPICS.map((topic) => [topic.name, topic]));

export const COMPLIANCE_TOPICS: readonly string[] = complianceTopics.map((topic) => topic.name);
