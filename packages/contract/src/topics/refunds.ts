import { Type } from "typebox";
import { Decimal, Id, Moment, NullableText, open, rooted } from "../schema-parts.ts";
import type { ConversionStep, Topic } from "./topic.ts";

const LineItem = open(
  {},
  {
    lineItemId: Id,
    lineItem: open({}, { productId: Id, variantId: Id }),
    quantity: Decimal,
    subtotal: Decimal,
    totalTax: Decimal,
    rightsReason: NullableText,
    rightsReasonType: NullableText,
  },
);
const Refund = rooted(
  "refund",
  open(
    { refundId: Id },
    {
      orderId: Id,
      customerId: Id,
      lineItems: Type.Array(LineItem),
      amount: Decimal,
      rightsType: NullableText,
      shipping: Type.Union([Type.Object({}), Type.Null()], { expected: "an object or null" }),
      note: NullableText,
      createTime: Moment,
      updateTime: Moment,
    },
  ),
);

/** What the older generation calls otherwise or does not have; what it alone has (`customer`, `id` and `location_id` of a line item) cannot be made. */
const TO_OLDER_REFUND: readonly ConversionStep[] = [
  { rename: "refund.refundId", to: "id" },
  { rename: "refund.amount", to: "refundPrice" },
  { rename: "refund.lineItems[*].lineItemId", to: "line_item_id" },
  { rename: "refund.lineItems[*].lineItem", to: "line_item" },
  { rename: "refund.lineItems[*].totalTax", to: "total_tax" },
  { drop: "refund.lineItems[*].rightsReason" },
  { drop: "refund.lineItems[*].rightsReasonType" },
  { drop: "refund.rightsType" },
  { drop: "refund.shipping" },
];

/** The older generation mixes snake_case into its line items. */
const OlderLineItem = open({}, { id: Id, line_item_id: Id, quantity: Decimal, subtotal: Decimal, total_tax: Decimal, location_id: Id });
const OlderRefund = rooted(
  "refund",
  open(
    { id: Id },
    {
      customerId: Id,
      customer: Type.Union([open({}, { id: Id }), Type.Null()], { expected: "a customer or null" }),
      lineItems: Type.Array(OlderLineItem),
      note: NullableText,
      refundPrice: Decimal,
      createTime: Moment,
      updateTime: Moment,
    },
  ),
);

export const refundTopics: readonly Topic[] = [
  {
    name: "refunds/create",
    domain: "Refunds",
    title: "Refund status update",
    description: "A refund was made, or its status changed.",
    audience: "shop",
    scopes: ["read_orders", "write_orders"],
    root: "refund",
    subjects: ["refund.customerId"],
    madeByGenhook: false,
    versions: { "202412": { schema: Refund }, "202410": { schema: OlderRefund, fromNewer: TO_OLDER_REFUND } },
    sample: {
      refund: {
        refundId: "700157930096010",
        orderId: "300157930096874",
        customerId: "1020000013062",
        lineItems: [
          {
            lineItemId: "600157930096001",
            lineItem: { productId: "102744460756584", variantId: "107362030756584" },
            quantity: 1,
            subtotal: "190.00",
            totalTax: "14.97",
            rightsReason: "Too small",
            rightsReasonType: "size",
          },
        ],
        amount: "204.97",
        rightsType: "returnAndRefund",
        shipping: { amount: "0.00" },
        note: "Sent back on Monday",
        createTime: "2025-01-06T09:15:00Z",
        updateTime: "2025-01-06T09:15:00Z",
      },
    },
  },
];
