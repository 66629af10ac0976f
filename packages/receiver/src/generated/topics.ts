// Made from the contract's topic table by `npm run golden:update`. Do not edit.

/** API versions that the kit knows, newest first. An app has one: its event version. */
export type ApiVersion = "202412" | "202410";

/** An id: 64 bits, as a number where that is exact, or as a decimal string; one shop may send both. Compare and store `readId(id)`. */
export type Id = number | string;

/** An amount or a count, as a number or a decimal string. `readNumber(value)`, or keep the text for money. */
export type Decimal = number | string;

/** A boolean or its text: "false" is truthy, so ask `readFlag(value)`. */
export type Flag = boolean | "true" | "false";

/** A list of texts, or its text form. `readTexts(value)` answers the list. */
export type TextList = string[] | string;

/** A date and time as text, or null where it has not come yet. */
export type Moment = string | null;

export interface Order {
  id: Id;
  note?: string | null;
  sourceIdentifier?: string | null;
  totalPrice?: Decimal;
  totalDiscounts?: Decimal;
  totalOutstanding?: Decimal;
  currentTotalDiscounts?: Decimal;
  currentTotalTax?: Decimal;
  currentTotalPrice?: Decimal;
  currentSubtotalPrice?: Decimal;
  financialStatus?: string | null;
  fulfillmentStatus?: string | null;
  lineItems?: OrderLineItem[];
  billingAddress?: OrderAddress | null;
  shippingAddress?: OrderAddress | null;
  customer?: OrderCustomer | null;
  createTime?: Moment;
  updateTime?: Moment;
  shopCurrency?: string;
  paymentGatewayNames?: TextList;
  type?: string | null;
  extendedFields?: OrderExtendedField[];
  closedTime?: Moment;
  cancelledTime?: Moment;
  cancelReason?: string | null;
  paymentType?: string | null;
  refunds?: Record<string, unknown>[];
}

export interface OrderLineItem {
  id?: Id;
  productId?: Id;
  variantId?: Id;
  title?: string;
  variantTitle?: string | null;
  sku?: string | null;
  quantity?: Decimal;
  fulfillableQuantity?: Decimal;
  price?: Decimal;
  taxable?: Flag;
}

export interface OrderAddress {
  firstName?: string | null;
  lastName?: string | null;
  address1?: string | null;
  address2?: string | null;
  city?: string | null;
  country?: string | null;
  zip?: string | null;
  phone?: string | null;
}

export interface OrderCustomer {
  id?: Id;
  email?: string | null;
  phone?: string | null;
  firstName?: string | null;
  lastName?: string | null;
}

export interface OrderExtendedField {
  key?: string;
}

export interface Order202410 {
  orderId: Id;
  note?: string | null;
  sourceIdentifier?: string | null;
  totalPrice?: Decimal;
  totalDiscounts?: Decimal;
  totalOutstanding?: Decimal;
  currentTotalDiscounts?: Decimal;
  currentTotalTax?: Decimal;
  currentTotalPrice?: Decimal;
  currentSubtotalPrice?: Decimal;
  financialStatus?: string | null;
  fulfillmentStatus?: string | null;
  lineItems?: OrderLineItem[];
  billingAddress?: OrderAddress | null;
  shippingAddress?: OrderAddress | null;
  customer?: OrderCustomer | null;
  createTime?: Moment;
  updateTime?: Moment;
  paymentGatewayNames?: TextList;
  buyerAcceptsMarketing?: Flag;
  cancelReason?: string | null;
  cancelledAt?: Moment;
  closedAt?: Moment;
}

export interface Product {
  productId: Id;
  title?: string;
  bodyHtml?: string | null;
  vendor?: string | null;
  status?: string | null;
  tags?: TextList;
  productVariants?: ProductVariant[];
  createTime?: Moment;
  updateTime?: Moment;
}

export interface ProductVariant {
  variantId?: Id;
  productId?: Id;
  sku?: string | null;
  barcode?: string | null;
  price?: Decimal;
  compareOfPrice?: Decimal;
  costPrice?: Decimal;
  weight?: Decimal;
  weightUnit?: string;
  inventoryManagement?: Flag;
  isDisabled?: Flag;
}

export interface ProductDelete {
  productId: Id;
}

export interface Collection {
  collectionId: Id;
  title?: string;
  bodyHtml?: string | null;
  collectionType?: Decimal;
  image?: CollectionImage | null;
  published?: Flag;
  ruleSet?: CollectionRuleSet | null;
  countGoodsNum?: Decimal;
  collects?: Id[];
}

export interface CollectionImage {
  src?: string;
}

export interface CollectionRuleSet {
  appliedDisjunctively?: Flag;
  rules?: CollectionRuleSetRule[];
}

export interface CollectionRuleSetRule {
  column?: string;
  relation?: string;
  condition?: string;
}

export interface CollectionDelete {
  collectionId: Id;
}

export interface Customer {
  id: Id;
  email?: string | null;
  phone?: string | null;
  firstName?: string | null;
  lastName?: string | null;
  state?: string;
  notes?: string | null;
  verifiedEmail?: Flag;
  ordersCount?: Decimal;
  totalSpent?: Decimal;
  tags?: TextList;
  taxExempt?: Flag;
  taxExemptions?: Record<string, unknown>;
  smsMarketingConsent?: CustomerMarketingConsent;
  emailMarketingConsent?: CustomerMarketingConsent;
  addresses?: CustomerAddress[];
  createTime?: Moment;
  updateTime?: Moment;
}

export interface CustomerMarketingConsent {
  state?: string;
  consentUpdateTime?: Moment;
}

export interface CustomerAddress {
  id?: Id;
  firstName?: string | null;
  lastName?: string | null;
  company?: string | null;
  address1?: string | null;
  address2?: string | null;
  city?: string | null;
  provinceCode?: string | null;
  countryCode?: string | null;
  zip?: string | null;
  phone?: string | null;
  isDefaultAddress?: Flag;
}

export interface CustomerDelete {
  id: Id;
}

export interface CustomerMerge {
  id: Id;
  mergedIds?: Id[];
  updateTime?: Moment;
}

export interface Refund {
  refundId: Id;
  orderId?: Id;
  customerId?: Id;
  lineItems?: RefundLineItem[];
  amount?: Decimal;
  rightsType?: string | null;
  shipping?: Record<string, unknown> | null;
  note?: string | null;
  createTime?: Moment;
  updateTime?: Moment;
}

export interface RefundLineItem {
  lineItemId?: Id;
  lineItem?: RefundLineItemLineItem;
  quantity?: Decimal;
  subtotal?: Decimal;
  totalTax?: Decimal;
  rightsReason?: string | null;
  rightsReasonType?: string | null;
}

export interface RefundLineItemLineItem {
  productId?: Id;
  variantId?: Id;
}

export interface Refund202410 {
  id: Id;
  customerId?: Id;
  customer?: RefundCustomer202410 | null;
  lineItems?: RefundLineItem202410[];
  note?: string | null;
  refundPrice?: Decimal;
  createTime?: Moment;
  updateTime?: Moment;
}

export interface RefundCustomer202410 {
  id?: Id;
}

export interface RefundLineItem202410 {
  id?: Id;
  line_item_id?: Id;
  quantity?: Decimal;
  subtotal?: Decimal;
  total_tax?: Decimal;
  location_id?: Id;
}

export interface Discount {
  id: Id;
  title?: string | null;
  promotionType?: DiscountPromotionType;
  value?: DiscountValue;
  eligibility?: string;
  startTime?: Moment;
  endTime?: Moment;
  createTime?: Moment;
  updateTime?: Moment;
}

export interface DiscountPromotionType {
  categoryType?: string;
  generateType?: DiscountPromotionTypeGenerateType;
}

export interface DiscountPromotionTypeGenerateType {
  discountCode?: string | null;
  generateDiscountType?: string;
}

export interface DiscountValue {
  type?: string;
  amount?: Decimal;
}

export interface DiscountDelete {
  id: Id;
}

export interface Shop {
  shopId: Id;
  shopName?: string;
  shopStatus?: string | null;
  domain?: string;
  description?: string | null;
  logo?: string | null;
  mail?: string | null;
  country?: string | null;
  currency?: string;
  timezone?: string | null;
  ianaTimezone?: string | null;
  weightUnit?: string | null;
}

export interface Installed {
  clientId: string;
  shopId: Id;
  scopes?: TextList;
}

export interface AuthScope {
  clientId: string;
  shopId: Id;
  previous?: TextList;
  current?: TextList;
  updateTime?: string;
}

export interface Uninstalled {
  clientId: string;
  shopId: Id;
}

export interface AuthCode {
  clientId: string;
  shopId: Id;
  code: string;
}

export interface RecurringApplicationCharge {
  id: Id;
  name?: string;
  price?: Decimal;
  status?: string;
  test?: Flag;
  trialDays?: Decimal;
  trialEndsTime?: Moment;
  createTime?: Moment;
  updateTime?: Moment;
}

export interface DataRequest {
  shopId: Id;
  customer: DataRequestCustomer;
  id?: Id;
  shopDomain?: string;
  ordersRequested?: Id[];
}

export interface DataRequestCustomer {
  id: Id;
  email?: string | null;
  phone?: string | null;
}

export interface CustomerRedact {
  shopId: Id;
  customer: CustomerRedactCustomer;
  shopDomain?: string;
  ordersToRedact?: Id[];
}

export interface CustomerRedactCustomer {
  id: Id;
  email?: string | null;
  phone?: string | null;
}

export interface ShopRedact {
  shopId: Id;
  shopDomain?: string;
}

/**
 * What each topic carries, per API version. Members that the platform adds pass unchecked: an interface above can be widened by merging
 * (`declare module "@genhook/receiver/topics" { interface Order { giftWrap?: string } }`).
 */
export interface TopicPayloads {
  /** An order was placed. Scopes: read_orders or write_orders. */
  "orders/create": {
    "202412": { order: Order };
    "202410": { order: Order202410 };
  };
  /** Anything about an order changed. Scopes: read_orders or write_orders. */
  "orders/update": {
    "202412": { order: Order };
    "202410": { order: Order202410 };
  };
  /** An order was paid in full. Scopes: read_orders or write_orders. */
  "orders/paid": {
    "202412": { order: Order };
    "202410": { order: Order202410 };
  };
  /** Everything of an order was shipped. Scopes: read_orders or write_orders. */
  "orders/fulfilled": {
    "202412": { order: Order };
    "202410": { order: Order202410 };
  };
  /** A part of an order was shipped. Scopes: read_orders or write_orders. */
  "orders/partiallyFulfilled": {
    "202412": { order: Order };
    "202410": { order: Order202410 };
  };
  /** An order was cancelled. Scopes: read_orders or write_orders. */
  "orders/cancelled": {
    "202412": { order: Order };
    "202410": { order: Order202410 };
  };
  /** A product was added to the shop. Scopes: read_products or write_products. */
  "products/create": {
    "202412": { product: Product };
    "202410": { product: Product };
  };
  /** A product or one of its variants changed. Scopes: read_products or write_products. */
  "products/update": {
    "202412": { product: Product };
    "202410": { product: Product };
  };
  /** A product was deleted; the payload names it. Scopes: read_products or write_products. */
  "products/delete": {
    "202412": { product: ProductDelete };
    "202410": { product: ProductDelete };
  };
  /** A collection was added to the shop. Scopes: read_products or write_products. */
  "collections/create": {
    "202412": { collection: Collection };
    "202410": { collection: Collection };
  };
  /** A collection, its rules or its products changed. Scopes: read_products or write_products. */
  "collections/update": {
    "202412": { collection: Collection };
    "202410": { collection: Collection };
  };
  /** A collection was deleted; the payload names it. Scopes: read_products or write_products. */
  "collections/delete": {
    "202412": { collection: CollectionDelete };
    "202410": { collection: CollectionDelete };
  };
  /** A customer was added or signed up. Scopes: read_customers or write_customers. */
  "customers/create": {
    "202412": { customer: Customer };
    "202410": { customer: Customer };
  };
  /** Anything about a customer changed. Scopes: read_customers or write_customers. */
  "customers/update": {
    "202412": { customer: Customer };
    "202410": { customer: Customer };
  };
  /** A customer was deleted; the payload names them. Scopes: read_customers or write_customers. */
  "customers/delete": {
    "202412": { customer: CustomerDelete };
    "202410": { customer: CustomerDelete };
  };
  /** Customers were merged into one. Scopes: read_customers or write_customers. */
  "customers/merge": {
    "202412": { customer: CustomerMerge };
    "202410": { customer: CustomerMerge };
  };
  /** A refund was made, or its status changed. Scopes: read_orders or write_orders. */
  "refunds/create": {
    "202412": { refund: Refund };
    "202410": { refund: Refund202410 };
  };
  /** A discount was added. Scopes: read_discounts or write_discounts. */
  "discounts/create": {
    "202412": { discount: Discount };
    "202410": { discount: Discount };
  };
  /** A discount changed. Scopes: read_discounts or write_discounts. */
  "discounts/update": {
    "202412": { discount: Discount };
    "202410": { discount: Discount };
  };
  /** A discount was deleted; the payload names it. Scopes: read_discounts or write_discounts. */
  "discounts/delete": {
    "202412": { discount: DiscountDelete };
    "202410": { discount: DiscountDelete };
  };
  /** The shop's own particulars changed. Scopes: read_shops or write_shops. */
  "shop/update": {
    "202412": { shop: Shop };
    "202410": { shop: Shop };
  };
  /** The app was installed on a shop. Scopes: write_apps or read_apps. */
  "app/installed": {
    "202412": { installed: Installed };
    "202410": { installed: Installed };
  };
  /** The scopes that a shop grants the app changed. Scopes: write_apps or read_apps. */
  "app/scopesUpdate": {
    "202412": { authScope: AuthScope };
    "202410": { authScope: AuthScope };
  };
  /** The app was uninstalled from a shop; its token is gone. Scopes: write_apps or read_apps. */
  "app/uninstalled": {
    "202412": { uninstalled: Uninstalled };
    "202410": { uninstalled: Uninstalled };
  };
  /** The app was pre-installed while a shop was set up; carries the code to exchange for a token. Scopes: write_apps or read_apps. */
  "app/authorizationCodeGranted": {
    "202412": { authCode: AuthCode };
    "202410": { authCode: AuthCode };
  };
  /** A shop's recurring charge for the app changed its status. Scopes: none. */
  "appSubscriptions/update": {
    "202412": { recurringApplicationCharge: RecurringApplicationCharge };
    "202410": { recurringApplicationCharge: RecurringApplicationCharge };
  };
  /** A customer asks for the data that apps hold about them. Scopes: none. */
  "customers/data_request": {
    "202412": { dataRequest: DataRequest };
    "202410": { dataRequest: DataRequest };
  };
  /** A customer's data is to be deleted. Scopes: none. */
  "customers/redact": {
    "202412": { customerRedact: CustomerRedact };
    "202410": { customerRedact: CustomerRedact };
  };
  /** A shop's data is to be deleted. Scopes: none. */
  "shop/redact": {
    "202412": { shopRedact: ShopRedact };
    "202410": { shopRedact: ShopRedact };
  };
}
