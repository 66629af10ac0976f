import { Type } from "typebox";
import { Decimal, Id, Moment, NullableText, open, rooted } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const GenerateType = open({}, { discountCode: NullableText, generateDiscountType: Type.String() });
const Discount = rooted(
  "discount",
  open(
    { id: Id },
    {
      title: NullableText,
      promotionType: open({}, { categoryType: Type.String(), generateType: GenerateType }),
      value: open({}, { type: Type.String(), amount: Decimal }),
      eligibility: Type.String(),
      startTime: Moment,
      endTime: Moment,
      createTime: Moment,
      updateTime: Moment,
    },
  ),
);
const DeletedDiscount = rooted("discount", open({ id: Id }, {}));

const SAMPLE_DISCOUNT = {
  id: "800157930096020",
  title: "Summer sale",
  promotionType: { categoryType: "ORDER_DISCOUNT", generateType: { discountCode: "SUMMER20", generateDiscountType: "CODE_DISCOUNT" } },
  value: { type: "PERCENTAGE", amount: "20" },
  eligibility: "ALL",
  startTime: "2024-06-01T00:00:00Z",
  endTime: "2024-08-31T23:59:59Z",
  createTime: "2024-05-20T10:00:00Z",
  updateTime: "2024-05-20T10:00:00Z",
};

const COMMON = {
  domain: "Discounts",
  audience: "shop",
  scopes: ["read_discounts", "write_discounts"],
  root: "discount",
  subjects: [],
  madeByGenhook: false,
} as const;

export const discountTopics: readonly Topic[] = [
  {
    ...COMMON,
    name: "discounts/create",
    title: "Discount created",
    description: "A discount was added.",
    versions: { "202412": { schema: Discount } },
    sample: { discount: SAMPLE_DISCOUNT },
  },
  {
    ...COMMON,
    name: "discounts/update",
    title: "Update discount",
    description: "A discount changed.",
    versions: { "202412": { schema: Discount } },
    sample: { discount: { ...SAMPLE_DISCOUNT, value: { type: "PERCENTAGE", amount: "25" } } },
  },
  {
    ...COMMON,
    name: "discounts/delete",
    title: "Delete discount",
    description: "A discount was deleted; the payload names it.",
    versions: { "202412": { schema: DeletedDiscount } },
    sample: { discount: { id: "800157930096020" } },
  },
];
