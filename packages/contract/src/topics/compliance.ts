import { Type } from "typebox";
import { Id, NullableText, open, rooted } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const Customer = open({ id: Id }, { email: NullableText, phone: NullableText });
const DataRequest = rooted(
  "dataRequest",
  open({ shopId: Id, customer: Customer }, { id: Id, shopDomain: Type.String(), ordersRequested: Type.Array(Id) }),
);
const CustomerRedact = rooted(
  "customerRedact",
  open({ shopId: Id, customer: Customer }, { shopDomain: Type.String(), ordersToRedact: Type.Array(Id) }),
);
const ShopRedact = rooted("shopRedact", open({ shopId: Id }, { shopDomain: Type.String() }));

const COMMON = { domain: "Compliance", audience: "compliance", scopes: [], madeByGenhook: false } as const;
const SHOP = { shopId: "4022054969604", shopDomain: "suns-shop.genmystore.com" };
const CUSTOMER = { id: "1020000013062", email: "john.doe@example.com", phone: "+15550100" };

export const complianceTopics: readonly Topic[] = [
  {
    ...COMMON,
    name: "customers/data_request",
    title: "Customer data request",
    description: "A customer asks for the data that apps hold about them.",
    root: "dataRequest",
    subjects: ["dataRequest.customer.id"],
    versions: { "202412": { schema: DataRequest } },
    sample: { dataRequest: { ...SHOP, id: "550157930096040", customer: CUSTOMER, ordersRequested: ["300157930096874"] } },
  },
  {
    ...COMMON,
    name: "customers/redact",
    erases: "subjects",
    title: "Customer deleted",
    description: "A customer's data is to be deleted.",
    root: "customerRedact",
    subjects: ["customerRedact.customer.id"],
    versions: { "202412": { schema: CustomerRedact } },
    sample: { customerRedact: { ...SHOP, customer: CUSTOMER, ordersToRedact: ["300157930096874"] } },
  },
  {
    ...COMMON,
    name: "shop/redact",
    erases: "shop",
    title: "Requests to delete shop data",
    description: "A shop's data is to be deleted.",
    root: "shopRedact",
    subjects: [],
    versions: { "202412": { schema: ShopRedact } },
    sample: { shopRedact: SHOP },
  },
];
