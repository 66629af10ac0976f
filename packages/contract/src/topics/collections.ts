import { Type } from "typebox";
import { Decimal, Flag, Id, NullableText, open, rooted } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const Rule = open({}, { column: Type.String(), relation: Type.String(), condition: Type.String() });
const Collection = rooted(
  "collection",
  open(
    { collectionId: Id },
    {
      title: Type.String(),
      bodyHtml: NullableText,
      collectionType: Decimal,
      image: Type.Union([open({}, { src: Type.String() }), Type.Null()], { expected: "an image or null" }),
      published: Flag,
      ruleSet: Type.Union([open({}, { appliedDisjunctively: Flag, rules: Type.Array(Rule) }), Type.Null()], {
        expected: "a set of rules or null",
      }),
      countGoodsNum: Decimal,
      collects: Type.Array(Id),
    },
  ),
);
const DeletedCollection = rooted("collection", open({ collectionId: Id }, {}));

const SAMPLE_COLLECTION = {
  collectionId: "205588360756584",
  title: "Summer",
  bodyHtml: "<p>Light things for warm days.</p>",
  collectionType: 2,
  image: { src: "https://cdn.example.com/summer.jpg" },
  published: true,
  ruleSet: { appliedDisjunctively: false, rules: [{ column: "tag", relation: "equals", condition: "summer" }] },
  countGoodsNum: 1,
  collects: ["102744460756584"],
};

const COMMON = {
  domain: "Collections",
  audience: "shop",
  scopes: ["read_products", "write_products"],
  root: "collection",
  subjects: [],
  madeByGenhook: false,
} as const;

export const collectionTopics: readonly Topic[] = [
  {
    ...COMMON,
    name: "collections/create",
    title: "Create a product collection",
    description: "A collection was added to the shop.",
    versions: { "202412": { schema: Collection } },
    sample: { collection: SAMPLE_COLLECTION },
  },
  {
    ...COMMON,
    name: "collections/update",
    title: "Update a collection",
    description: "A collection, its rules or its products changed.",
    versions: { "202412": { schema: Collection } },
    sample: { collection: { ...SAMPLE_COLLECTION, title: "High summer" } },
  },
  {
    ...COMMON,
    name: "collections/delete",
    title: "Delete a collection",
    description: "A collection was deleted; the payload names it.",
    versions: { "202412": { schema: DeletedCollection } },
    sample: { collection: { collectionId: "205588360756584" } },
  },
];
