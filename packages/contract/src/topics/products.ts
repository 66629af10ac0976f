import { Type } from "typebox";
import { Decimal, Flag, Id, Moment, NullableText, open, rooted, TextList } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const Variant = open(
  {},
  {
    variantId: Id,
    productId: Id,
    sku: NullableText,
    barcode: NullableText,
    price: Decimal,
    compareOfPrice: Decimal,
    costPrice: Decimal,
    weight: Decimal,
    weightUnit: Type.String(),
    inventoryManagement: Flag,
    isDisabled: Flag,
  },
);
const Product = rooted(
  "product",
  open(
    { productId: Id },
    {
      title: Type.String(),
      bodyHtml: NullableText,
      vendor: NullableText,
      status: NullableText,
      tags: TextList,
      productVariants: Type.Array(Variant),
      createTime: Moment,
      updateTime: Moment,
    },
  ),
);
const DeletedProduct = rooted("product", open({ productId: Id }, {}));

const SAMPLE_PRODUCT = {
  productId: "102744460756584",
  title: "Linen shirt",
  bodyHtml: "<p>Washed linen, regular fit.</p>",
  vendor: "Sun's Shop",
  status: "active",
  tags: ["linen", "summer"],
  productVariants: [
    {
      variantId: "107362030756584",
      productId: "102744460756584",
      sku: "P001",
      barcode: "AXOYX49XOPEX6",
      price: "190.00",
      compareOfPrice: "220.00",
      costPrice: "60.00",
      weight: "0.3",
      weightUnit: "kg",
      inventoryManagement: true,
      isDisabled: false,
    },
  ],
  createTime: "2024-10-25T11:06:48+08:00",
  updateTime: "2024-12-30T10:55:12+08:00",
};

const COMMON = {
  domain: "Products",
  audience: "shop",
  scopes: ["read_products", "write_products"],
  root: "product",
  subjects: [],
  madeByGenhook: false,
} as const;

export const productTopics: readonly Topic[] = [
  {
    ...COMMON,
    name: "products/create",
    title: "Product create",
    description: "A product was added to the shop.",
    versions: { "202412": { schema: Product } },
    sample: { product: SAMPLE_PRODUCT },
  },
  {
    ...COMMON,
    name: "products/update",
    title: "Product update",
    description: "A product or one of its variants changed.",
    versions: { "202412": { schema: Product } },
    sample: { product: { ...SAMPLE_PRODUCT, title: "Linen shirt, washed" } },
  },
  {
    ...COMMON,
    name: "products/delete",
    title: "Product delete",
    description: "A product was deleted; the payload names it.",
    versions: { "202412": { schema: DeletedProduct } },
    sample: { product: { productId: "102744460756584" } },
  },
];
