import { Type } from "typebox";
import { Decimal, Flag, Id, Moment, NullableText, open, rooted, TextList } from "../schema-parts.ts";
import type { ConversionStep, Topic } from "./topic.ts";

const LineItem = open(
  {},
  {
    id: Id,
    productId: Id,
    variantId: Id,
    title: Type.String(),
    variantTitle: NullableText,
    sku: NullableText,
    quantity: Decimal,
    fulfillableQuantity: Decimal,
    price: Decimal,
    taxable: Flag,
  },
);
const Address = open(
  {},
  {
    firstName: NullableText,
    lastName: NullableText,
    address1: NullableText,
    address2: NullableText,
    city: NullableText,
    country: NullableText,
    zip: NullableText,
    phone: NullableText,
  },
);
const OrderCustomer = open({}, { id: Id, email: NullableText, phone: NullableText, firstName: NullableText, lastName: NullableText });

const MONEY = {
  totalPrice: Decimal,
  totalDiscounts: Decimal,
  totalOutstanding: Decimal,
  currentTotalDiscounts: Decimal,
  currentTotalTax: Decimal,
  currentTotalPrice: Decimal,
  currentSubtotalPrice: Decimal,
};
const COMMON = {
  note: NullableText,
  sourceIdentifier: NullableText,
  ...MONEY,
  financialStatus: NullableText,
  fulfillmentStatus: NullableText,
  lineItems: Type.Array(LineItem),
  billingAddress: Type.Union([Address, Type.Null()], { expected: "an address or null" }),
  shippingAddress: Type.Union([Address, Type.Null()], { expected: "an address or null" }),
  customer: Type.Union([OrderCustomer, Type.Null()], { expected: "a customer or null" }),
  createTime: Moment,
  updateTime: Moment,
};

/** The newer generation: `closedTime`, real lists. */
const Order = rooted(
  "order",
  open(
    { id: Id },
    {
      ...COMMON,
      shopCurrency: Type.String(),
      paymentGatewayNames: TextList,
      type: NullableText,
      extendedFields: Type.Array(open({}, { key: Type.String() })),
      closedTime: Moment,
      cancelledTime: Moment,
      cancelReason: NullableText,
      paymentType: NullableText,
      refunds: Type.Array(Type.Object({})),
    },
  ),
);

/** What the older generation calls otherwise or does not have; what it alone has (`buyerAcceptsMarketing`) cannot be made. */
const TO_OLDER_ORDER: readonly ConversionStep[] = [
  { rename: "order.id", to: "orderId" },
  { rename: "order.cancelledTime", to: "cancelledAt" },
  { rename: "order.closedTime", to: "closedAt" },
  { asText: "order.paymentGatewayNames" },
  { drop: "order.shopCurrency" },
  { drop: "order.type" },
  { drop: "order.paymentType" },
  { drop: "order.extendedFields" },
  { drop: "order.refunds" },
];

/** The older generation: `orderId`, `closedAt`, lists as text. */
const OlderOrder = rooted(
  "order",
  open(
    { orderId: Id },
    {
      ...COMMON,
      paymentGatewayNames: TextList,
      buyerAcceptsMarketing: Flag,
      cancelReason: NullableText,
      cancelledAt: Moment,
      closedAt: Moment,
    },
  ),
);

const SAMPLE_ORDER = {
  id: "300157930096874",
  type: "normal",
  note: "Please ring twice",
  sourceIdentifier: "web",
  shopCurrency: "USD",
  totalPrice: "409.94",
  totalDiscounts: "20.00",
  totalOutstanding: "0.00",
  currentTotalDiscounts: "20.00",
  currentTotalTax: "29.94",
  currentTotalPrice: "409.94",
  currentSubtotalPrice: "380.00",
  paymentGatewayNames: ["PayPal", "Credit Card"],
  paymentType: "online",
  financialStatus: "paid",
  fulfillmentStatus: "unfulfilled",
  customer: { id: "1020000013062", email: "john.doe@example.com", phone: "+15550100", firstName: "John", lastName: "Doe" },
  lineItems: [
    {
      id: "600157930096001",
      productId: "102744460756584",
      variantId: "107362030756584",
      title: "Linen shirt",
      variantTitle: "L / White",
      sku: "P001",
      quantity: 2,
      fulfillableQuantity: 2,
      price: "190.00",
      taxable: true,
    },
  ],
  billingAddress: {
    firstName: "John",
    lastName: "Doe",
    address1: "Street 123",
    address2: "Building A, Floor 5",
    city: "Metropolis",
    country: "US",
    zip: "00000",
    phone: "+15550100",
  },
  shippingAddress: {
    firstName: "John",
    lastName: "Doe",
    address1: "Street 123",
    address2: "Building A, Floor 5",
    city: "Metropolis",
    country: "US",
    zip: "00000",
    phone: "+15550100",
  },
  extendedFields: [{ key: "giftWrap", value: "no" }],
  refunds: [],
  cancelReason: null,
  cancelledTime: null,
  closedTime: null,
  createTime: "2024-12-30T23:59:59Z",
  updateTime: "2024-12-30T23:59:59Z",
};

function orderTopic(event: string, title: string, description: string, change: Readonly<Record<string, unknown>>): Topic {
  return {
    name: `orders/${event}`,
    domain: "Orders",
    title,
    description,
    audience: "shop",
    scopes: ["read_orders", "write_orders"],
    root: "order",
    subjects: ["order.customer.id"],
    madeByGenhook: false,
    versions: { "202412": { schema: Order }, "202410": { schema: OlderOrder, fromNewer: TO_OLDER_ORDER } },
    sample: { order: { ...SAMPLE_ORDER, ...change } },
  };
}

export const orderTopics: readonly Topic[] = [
  orderTopic("create", "Order create", "An order was placed.", { financialStatus: "pending", totalOutstanding: "409.94" }),
  orderTopic("update", "Order update", "Anything about an order changed.", {
    note: "Leave it at the door",
    updateTime: "2024-12-31T08:12:00Z",
  }),
  orderTopic("paid", "Order paid", "An order was paid in full.", { updateTime: "2024-12-31T00:01:12Z" }),
  orderTopic("fulfilled", "Order fulfilled", "Everything of an order was shipped.", {
    fulfillmentStatus: "fulfilled",
    updateTime: "2025-01-02T10:30:00Z",
  }),
  orderTopic("partiallyFulfilled", "Order partially fulfilled", "A part of an order was shipped.", {
    fulfillmentStatus: "partial",
    updateTime: "2025-01-01T09:00:00Z",
  }),
  orderTopic("cancelled", "Order cancelled", "An order was cancelled.", {
    cancelReason: "customer",
    cancelledTime: "2024-12-31T11:00:00Z",
    updateTime: "2024-12-31T11:00:00Z",
  }),
];
