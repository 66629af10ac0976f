/** Scopes that an app can be granted. A platform may grant others too; these are the ones that topics and calls ask for. */
export const SCOPES: readonly string[] = [
  "read_all_orders",
  "read_orders",
  "write_orders",
  "read_products",
  "write_products",
  "read_customers",
  "write_customers",
  "read_discounts",
  "write_discounts",
  "read_shops",
  "write_shops",
  "read_apps",
  "write_apps",
];
