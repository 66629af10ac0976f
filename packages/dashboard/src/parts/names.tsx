import { words } from "../words.ts";

/** On one line, cut where it is very long. */
export function Name({ text }: { readonly text: string }) {
  return (
    <span className="name" title={text}>
      {text}
    </span>
  );
}

/** Whole, over as many lines as it takes. None: of a pull webhook. */
export function Address({ address }: { readonly address: string | null }) {
  if (address === null || address === "") return words.webhooks.pull;
  return <span className="address">{withoutScheme(address)}</span>;
}

export const withoutScheme = (address: string): string => address.replace(/^https?:\/\//, "");
export const shopName = (domain: string): string => domain.replace(/\.genmystore\.com$/, "");
