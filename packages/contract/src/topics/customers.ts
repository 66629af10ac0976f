import { Type } from "typebox";
import { Decimal, Flag, Id, Moment, NullableText, open, rooted, TextList } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const Consent = open({}, { state: Type.String(), consentUpdateTime: Moment });
const Address = open(
  {},
  {
    id: Id,
    firstName: NullableText,
    lastName: NullableText,
    company: NullableText,
    address1: NullableText,
    address2: NullableText,
    city: NullableText,
    provinceCode: NullableText,
    countryCode: NullableText,
    zip: NullableText,
    phone: NullableText,
    isDefaultAddress: Flag,
  },
);
const Customer = rooted(
  "customer",
  open(
    { id: Id },
    {
      email: NullableText,
      phone: NullableText,
      firstName: NullableText,
      lastName: NullableText,
      state: Type.String(),
      notes: NullableText,
      verifiedEmail: Flag,
      ordersCount: Decimal,
      totalSpent: Decimal,
      tags: TextList,
      taxExempt: Flag,
      taxExemptions: Type.Object({}),
      smsMarketingConsent: Consent,
      emailMarketingConsent: Consent,
      addresses: Type.Array(Address),
      createTime: Moment,
      updateTime: Moment,
    },
  ),
);
const DeletedCustomer = rooted("customer", open({ id: Id }, {}));
const MergedCustomer = rooted("customer", open({ id: Id }, { mergedIds: Type.Array(Id), updateTime: Moment }));

const SAMPLE_CUSTOMER = {
  id: "1020000013062",
  email: "john.doe@example.com",
  phone: "+15550100",
  firstName: "John",
  lastName: "Doe",
  state: "ENABLED",
  notes: "Prefers e-mail",
  verifiedEmail: true,
  ordersCount: 2,
  totalSpent: "613.00",
  tags: ["vip", "linen"],
  taxExempt: false,
  taxExemptions: { applyToAllRegion: false, taxExemptionRegions: [{ country: "US", applyToAllSubdivision: false, subdivisions: ["NYC"] }] },
  smsMarketingConsent: { state: "SUBSCRIBED", consentUpdateTime: "2024-11-12T08:18:49Z" },
  emailMarketingConsent: { state: "SUBSCRIBED", consentUpdateTime: "2024-11-12T08:18:49Z" },
  addresses: [
    {
      id: "879",
      firstName: "John",
      lastName: "Doe",
      company: "Example Ltd",
      address1: "Street 123",
      address2: "Building A, Floor 5",
      city: "Metropolis",
      provinceCode: "NY",
      countryCode: "US",
      zip: "00000",
      phone: "+15550100",
      isDefaultAddress: true,
    },
  ],
  createTime: "2024-06-01T09:00:00Z",
  updateTime: "2024-12-18T08:18:49Z",
};

const COMMON = {
  domain: "Customers",
  audience: "shop",
  scopes: ["read_customers", "write_customers"],
  root: "customer",
  subjects: ["customer.id"],
  madeByGenhook: false,
} as const;

export const customerTopics: readonly Topic[] = [
  {
    ...COMMON,
    name: "customers/create",
    title: "Customer created",
    description: "A customer was added or signed up.",
    versions: { "202412": { schema: Customer } },
    sample: { customer: SAMPLE_CUSTOMER },
  },
  {
    ...COMMON,
    name: "customers/update",
    title: "Customer update",
    description: "Anything about a customer changed.",
    versions: { "202412": { schema: Customer } },
    sample: { customer: { ...SAMPLE_CUSTOMER, tags: ["vip"] } },
  },
  {
    ...COMMON,
    name: "customers/delete",
    title: "Customer delete",
    description: "A customer was deleted; the payload names them.",
    versions: { "202412": { schema: DeletedCustomer } },
    sample: { customer: { id: "1020000013062" } },
  },
  {
    ...COMMON,
    name: "customers/merge",
    title: "Customer merge",
    description: "Customers were merged into one.",
    subjects: ["customer.id", "customer.mergedIds[]"],
    versions: { "202412": { schema: MergedCustomer } },
    sample: { customer: { id: "1020000013062", mergedIds: ["1020000013060"], updateTime: "2024-12-18T08:18:49Z" } },
  },
];
