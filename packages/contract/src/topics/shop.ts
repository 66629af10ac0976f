import { Type } from "typebox";
import { Id, NullableText, open, rooted } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const Shop = rooted(
  "shop",
  open(
    { shopId: Id },
    {
      shopName: Type.String(),
      shopStatus: NullableText,
      domain: Type.String(),
      description: NullableText,
      logo: NullableText,
      mail: NullableText,
      country: NullableText,
      currency: Type.String(),
      timezone: NullableText,
      ianaTimezone: NullableText,
      weightUnit: NullableText,
    },
  ),
);

export const shopTopics: readonly Topic[] = [
  {
    name: "shop/update",
    domain: "Shop",
    title: "Shop info update",
    description: "The shop's own particulars changed.",
    audience: "shop",
    scopes: ["read_shops", "write_shops"],
    root: "shop",
    subjects: [],
    madeByGenhook: false,
    versions: { "202412": { schema: Shop } },
    sample: {
      shop: {
        shopId: "4022054969604",
        shopName: "Sun's Shop",
        shopStatus: "",
        domain: "suns-shop.genmystore.com",
        description: "Linen and light things",
        logo: "https://cdn.example.com/logo.png",
        mail: "shop@example.com",
        country: "US",
        currency: "USD",
        timezone: "-4",
        ianaTimezone: "America/New_York",
        weightUnit: "kg",
      },
    },
  },
];
