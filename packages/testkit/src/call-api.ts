/** Calls with a platform key, or with an installation's token where one is given; whatever is answered but a 2xx is an error with the answer's text. */
export type CallApi = <Answer>(origin: string, method: string, path: string, body?: unknown, token?: string) => Promise<Answer>;

/** Plain HTTP, as somebody without our client would ask. */
export function callApiWith(platformKey: string): CallApi {
  return async <Answer>(origin: string, method: string, path: string, body?: unknown, token?: string): Promise<Answer> => {
    const response = await fetch(origin + path, {
      method,
      headers: {
        ...(token === undefined ? { Authorization: `Bearer ${platformKey}` } : { "X-Genstore-Access-Token": token }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  };
}
