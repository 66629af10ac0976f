/** A shop may be given without its domain: `my-shop` means `my-shop.genmystore.com`. */
export function wholeDomain(shop: string): string {
  return shop === "" || shop.includes(".") ? shop : `${shop}.genmystore.com`;
}
