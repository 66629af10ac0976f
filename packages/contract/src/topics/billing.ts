import { Type } from "typebox";
import { Decimal, Flag, Id, Moment, open, rooted } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const Charge = rooted(
  "recurringApplicationCharge",
  open(
    { id: Id },
    {
      name: Type.String(),
      price: Decimal,
      status: Type.String(),
      test: Flag,
      trialDays: Decimal,
      trialEndsTime: Moment,
      createTime: Moment,
      updateTime: Moment,
    },
  ),
);

export const billingTopics: readonly Topic[] = [
  {
    name: "appSubscriptions/update",
    domain: "Billing",
    title: "Application subscription update",
    description: "A shop's recurring charge for the app changed its status.",
    audience: "app",
    scopes: [],
    root: "recurringApplicationCharge",
    subjects: [],
    madeByGenhook: false,
    versions: { "202412": { schema: Charge } },
    sample: {
      recurringApplicationCharge: {
        id: "900157930096030",
        name: "Pro plan",
        price: "19.00",
        status: "active",
        test: false,
        trialDays: 14,
        trialEndsTime: "2025-04-01T15:46:46-04:00",
        createTime: "2025-03-18T15:46:46-04:00",
        updateTime: "2025-03-18T15:47:02-04:00",
      },
    },
  },
];
