/** What a subject or routing key says of an event. */
export interface RouteFacts {
  readonly shop: string | null;
  readonly topic: string | null;
}

/** Reads subjects and routing keys; null where one does not fit. */
export type ReadRoute = (route: string) => RouteFacts | null;

const SHOP_DOMAIN = "genmystore.com";
/** One token of a route. */
const PARTS: Readonly<Record<string, string>> = {
  "*": "[^.]+",
  "{shop}": "(?<shop>[^.]+)",
  // Both ways of writing orders/create: as one token, and as two.
  "{topic}": "(?<topic>[^./]+[./][^./]+)",
  ">": ".+",
  "#": ".+",
};

/**
 * Compiles a pattern of tokens with dots between: `{shop}` is a shop's name without its domain, `{topic}` a topic as `orders/create` or as the two tokens
 * `orders.create`, `*` any token, `>` or `#` at the end anything more; the rest stands for itself. Throws `TypeError` with a message that says what is wrong.
 */
export function readRoutePattern(pattern: string): ReadRoute {
  const tokens = pattern.split(".");
  for (const [index, token] of tokens.entries()) {
    if (token === "") throw new TypeError(`"${pattern}" has an empty token`);
    if (/[{}]/.test(token) && PARTS[token] === undefined)
      throw new TypeError(`"${pattern}" has ${token}; there is {shop} and {topic}, each as a token`);
    if ((token === ">" || token === "#") && index < tokens.length - 1) throw new TypeError(`"${pattern}" has ${token} before its end`);
    if (token.startsWith("{") && tokens.indexOf(token) !== index) throw new TypeError(`"${pattern}" has ${token} twice`);
  }
  const form = new RegExp(`^${tokens.map((token) => PARTS[token] ?? token.replaceAll(/[^\w-]/g, String.raw`\$&`)).join(String.raw`\.`)}$`);
  return (route) => {
    const match = form.exec(route);
    if (match === null) return null;
    const { shop, topic } = match.groups ?? {};
    return {
      shop: shop === undefined ? null : `${shop.toLowerCase()}.${SHOP_DOMAIN}`,
      topic: topic === undefined ? null : topic.replace(".", "/"),
    };
  };
}
