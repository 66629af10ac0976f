import { API_HEADERS, EXAMPLES, pathParameters, type Route } from "@genhook/contract";

/** A command that makes the call of a route's example. `origin`: where the platform API is reached. */
export function curlOf(route: Route, origin: string): string {
  const { params = {}, query, body } = EXAMPLES[route.operation] ?? {};
  let path = route.path;
  for (const { name, example } of pathParameters(route)) path = path.replace(`:${name}`, params[name] ?? example);
  const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
  const base = route.api === "app" ? "https://suns-shop.genmystore.com" : origin;
  const lines = [`curl ${route.method === "GET" ? "" : `-X ${route.method} `}${shellWord(base + path + search)}`];
  if (route.api === "app") lines.push(`-H "${API_HEADERS.accessToken}: $TOKEN"`);
  if (route.api === "platform") lines.push('-H "Authorization: Bearer $KEY"');
  if (route.api === "apps" && route.isSignIn !== true) lines.push('-H "Authorization: Bearer $TOKEN"');
  if (body !== undefined) lines.push("-H 'Content-Type: application/json'", `-d ${shellWord(JSON.stringify(body))}`);
  return lines.join(" \\\n  ");
}

/** Text as one word of a shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
