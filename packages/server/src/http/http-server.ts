import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  API_HEADERS,
  BODY_BYTES_MAX,
  ERRORS,
  errorBody,
  isApiVersion,
  ROUTES,
  sideOf,
  statusOf,
  type ContractError,
  type PortalWay,
  type Route,
} from "@genhook/contract";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { AppHandler } from "./app-api.ts";
import { identifyApp, requireScope } from "./app-access.ts";
import {
  actorOf,
  identifyAppWide,
  requireAllowance,
  takeTurn,
  type AppWideCaller,
  type AppWideOptions,
} from "./app-wide/app-wide-access.ts";
import type { AppWideHandlers } from "./app-wide/app-wide-api.ts";
import { ApiError, apiError } from "./api-error.ts";
import { readQuery, type Call, type Reply } from "./call.ts";
import type { Handler } from "./directory-api.ts";
import { answerUnreadable } from "./unreadable-request.ts";
import { identifyKey, requireRole } from "./platform-access.ts";
import { announcedBytes, bodyCut } from "./request-body.ts";
import type { PlatformKey } from "@genhook/core";
import type { Portal } from "../portal/portal.ts";

export interface HttpServerOptions {
  readonly access: AppWideOptions;
  readonly app: Readonly<Record<string, AppHandler>>;
  readonly apps: AppWideHandlers;
  /** Of app-wide access: the calls that take credentials in their body. */
  readonly signIn: Readonly<Record<string, Handler>>;
  readonly platform: Readonly<Record<string, Handler>>;
  readonly open: Readonly<Record<string, Handler>>;
  /** What people look at; null where it is not served. */
  readonly portal: Portal | null;
  /** False: only what asks for no credentials, such as health and metrics. */
  readonly answersCalls: boolean;
  /** Longest time that a request's headers and body may take, ms. */
  readonly requestTimeoutMs: number;
  readonly onAnswer: (route: Route | null, status: number, durationMs: number) => void;
  /** Something of ours failed; the caller is told only its request id. */
  readonly onError: (error: unknown, requestId: string) => void;
}

const PARAMETER_LENGTH_MAX = 512;
/** How often Node looks for requests that take too long, ms; half a minute unless told. */
const CHECK_EVERY_MS = 5_000;
const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** Which calls a server takes: all of them, or those of one side. */
export type Side = "all" | ReturnType<typeof sideOf>;

/** All HTTP: one handler per row of the route table, checks in the contract's order, errors in the contract's shape. */
export function makeHttpServer(options: HttpServerOptions, side: Side): FastifyInstance {
  const served = ROUTES.filter((route) => options.answersCalls || route.api === "open");
  const routes = served.filter((route) => side === "all" || sideOf(route) === side);
  const server = Fastify({
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: "idle",
    requestTimeout: options.requestTimeoutMs,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX, ignoreTrailingSlash: false },
    exposeHeadRoutes: true,
    // Shapes are checked by the contract's own schemas; what Fastify would check and write JSON with is not even loaded (10 MB).
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // Whether a Host is there is for us to say, in the contract's shape.
    http: { requireHostHeader: false, connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, options.requestTimeoutMs) },
    genReqId: (request) => {
      const given = request.headers[API_HEADERS.requestId.toLowerCase()];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    },
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (_error, request, reply) => {
      void sendError(askedOf(options, null, request, reply), apiError({ code: "not_found", message: "There is nothing at this path." }));
    },
  });
  // Node swaps the two where the whole may take less time than its head.
  server.server.headersTimeout = options.requestTimeoutMs;
  const patterns = routes.map((route): Pattern => ({ pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}$`), route }));
  // Everything is answered in the first of Fastify's hooks: bodies are read by the handlers, after the checks that come before them.
  server.addHook("onRequest", (request, reply) => {
    const { answered } = request.routeOptions.config as Partial<Answering>;
    if (answered !== undefined) return answered(request, reply);
    return sendError(askedOf(options, null, request, reply), headError(request.raw) ?? notFound(patterns, side, request));
  });
  // An expectation that nobody knows may be passed over (RFC 9110 10.1.1).
  server.server.on("checkExpectation", (request, response) => server.server.emit("request", request, response));
  for (const route of routes) {
    server.route({
      method: route.method,
      url: route.path,
      config: { answered: (request, reply) => answer(askedOf(options, route, request, reply), route) } satisfies Answering,
      handler: answeredBefore,
    });
  }
  if (options.answersCalls) registerPortal(options, server, WAYS[side]);
  return server;
}

/** Ways into the portal that a side's port offers. */
const WAYS: Readonly<Record<Side, readonly PortalWay[]>> = { all: ["operator", "app"], public: ["app"], platform: ["operator"] };

/** What a route of Fastify's carries. */
interface Answering {
  readonly answered: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}

function noSchemas(): never {
  throw new Error("no route has a schema of Fastify's");
}

/** A request on its way to its answer. */
interface Asked {
  readonly options: HttpServerOptions;
  readonly route: Route | null;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Of `performance.now()`. Fastify's `elapsedTime` is 0 for ever where it neither logs nor has a hook behind the answer. */
  readonly startedAt: number;
}

function askedOf(options: HttpServerOptions, route: Route | null, request: FastifyRequest, reply: FastifyReply): Asked {
  return { options, route, request, reply, startedAt: performance.now() };
}

/** The handler that Fastify wants for each route. */
function answeredBefore(): never {
  throw new Error("the request was answered in a hook");
}

function registerPortal(options: HttpServerOptions, server: FastifyInstance, ways: readonly PortalWay[]): void {
  for (const { method, path, handle } of options.portal?.routes(ways) ?? []) {
    server.route({
      method,
      url: path,
      config: {
        answered: async (request, reply) => {
          const asked = askedOf(options, null, request, reply);
          try {
            checkHead(request.raw);
            return send(asked, await handle(request.raw, request.id), {});
          } catch (error) {
            return sendError(asked, error);
          }
        },
      } satisfies Answering,
      handler: answeredBefore,
    });
  }
}

async function answer(asked: Asked, route: Route): Promise<FastifyReply> {
  const headers: Record<string, string> = {};
  try {
    checkHead(asked.request.raw);
    return send(asked, await carryOut(asked.options, route, asked.request, headers), headers);
  } catch (error) {
    return sendError(asked, error, headers);
  }
}

async function carryOut(
  options: HttpServerOptions,
  route: Route,
  request: FastifyRequest,
  headers: Record<string, string>,
): Promise<Reply> {
  const params = request.params as Readonly<Record<string, string>>;
  const makeCall = (actor: string): Call => {
    const target = request.raw.url ?? "";
    const at = target.indexOf("?");
    // A call that takes no body is not made with a large one all the same.
    if (route.body === undefined) announcedBytes(request.raw, BODY_BYTES_MAX);
    const query = readQuery(route, at < 0 ? "" : target.slice(at + 1));
    return {
      route,
      request: request.raw,
      requestId: request.id,
      actor,
      params,
      query,
      url: () => options.access.callerUrl.originOf(request.raw) + (at < 0 ? target : target.slice(0, at)),
    };
  };
  if (route.api === "app") {
    const caller = await identifyApp(options.access, request.raw, params["version"] ?? "");
    headers[API_HEADERS.rateLimit] = caller.rateLimit;
    requireScope(caller, route.allows);
    return handlerOf(options.app, route)(makeCall(`app ${caller.app.clientId} ${caller.shop.domain}`), caller);
  }
  if (route.api === "apps") {
    if (route.isSignIn === true) return handlerOf(options.signIn, route)(makeCall("nobody"));
    const caller = await identifyDeveloper(options, request.raw);
    await takeTurn(options.access, caller);
    requireAllowance(caller, route.allows);
    return handlerOf(options.apps, route)(makeCall(actorOf(caller)), caller);
  }
  if (route.api === "platform") {
    const key = await identifyOperator(options, request.raw);
    requireRole(key, route.allows);
    return handlerOf(options.platform, route)(makeCall(`key ${key.id} ${key.name}`));
  }
  return handlerOf(options.open, route)(makeCall("nobody"));
}

/** The key that the call carries, or the one that the portal's session was opened with. */
async function identifyOperator({ access, portal }: HttpServerOptions, request: IncomingMessage): Promise<PlatformKey> {
  const session = request.headers.authorization === undefined ? await portal?.sessions.find(request) : null;
  return session?.kind === "operator" ? session.key : identifyKey(access, request);
}

/** The token that the call carries, or the portal's session of an app's developer. */
async function identifyDeveloper({ access, portal }: HttpServerOptions, request: IncomingMessage): Promise<AppWideCaller> {
  const session = request.headers.authorization === undefined ? await portal?.sessions.find(request) : null;
  return session?.kind === "app" ? session.caller : identifyAppWide(access, request);
}

/** Something that proxies and we might read in two ways: a version that is not ours, no Host, or several. */
function headError(request: IncomingMessage): ApiError | null {
  const { rawHeaders, httpVersionMajor, httpVersion } = request;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  if (httpVersionMajor === 1 && (hosts === 1 || (hosts === 0 && httpVersion === "1.0"))) return null;
  const message =
    httpVersionMajor === 1 ? `The request has ${hosts === 0 ? "no" : "more than one"} Host header.` : "This is not an HTTP/1.1 request.";
  return new ApiError({ code: "malformed_request", message }, { Connection: "close" });
}

function checkHead(request: IncomingMessage): void {
  const error = headError(request);
  if (error !== null) throw error;
}

function handlerOf<Each>(handlers: Readonly<Record<string, Each>>, route: Route): Each {
  const handler = handlers[route.operation];
  if (handler === undefined) throw new Error(`no handler for ${route.operation}`);
  return handler;
}

function send(asked: Asked, answered: Reply, headers: Readonly<Record<string, string>>): FastifyReply {
  const { options, route, request, reply, startedAt } = asked;
  const status = answered.status ?? route?.status ?? 200;
  options.onAnswer(route, status, performance.now() - startedAt);
  const { text } = answered;
  return reply
    .code(status)
    .headers({ ...common(request), ...headers, ...answered.headers })
    .type(text?.type ?? "application/json; charset=utf-8")
    .send(text?.content ?? JSON.stringify(answered.body));
}

function sendError(asked: Asked, error: unknown, headers: Readonly<Record<string, string>> = {}): FastifyReply {
  const { options, route, request, reply, startedAt } = asked;
  const known = error instanceof ApiError ? error : unexpected(options, error, request);
  const status = statusOf(known.error.code);
  options.onAnswer(route, status, performance.now() - startedAt);
  // A body that was not read to its end cannot be told apart from the next request.
  const isUnread = !request.raw.readableEnded && !isSmall(request.raw);
  return reply
    .code(status)
    .headers({ ...common(request), ...headers, ...(isUnread ? { Connection: "close" } : {}), ...known.headers })
    .type("application/json; charset=utf-8")
    .send(JSON.stringify(errorBody(known.error)));
}

function unexpected(options: HttpServerOptions, error: unknown, request: FastifyRequest): ApiError {
  if (isCut(error)) return bodyCut();
  options.onError(error, request.id);
  const isStoreDown = error instanceof Error && "code" in error && error.code === "store_unavailable";
  return apiError(
    isStoreDown
      ? { code: "overloaded", message: "The store cannot be used just now; try again later." }
      : { code: "internal_error", message: `Something failed on our side; request ${request.id}.` },
  );
}

/** Node reads a small rest away by itself; a large or unbounded one is not worth its bytes. */
function isSmall(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] === undefined && Number(request.headers["content-length"] ?? 0) <= BODY_BYTES_MAX;
}

/** As a stream's iterator says it. */
function isCut(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "ERR_STREAM_PREMATURE_CLOSE");
}

function common(request: FastifyRequest): Record<string, string> {
  return { [API_HEADERS.requestId]: request.id, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
}

interface Pattern {
  readonly pattern: RegExp;
  readonly route: Route;
}

/** 404, or 405 with `Allow` where the path exists for other methods; a version that is not served is 404 either way. */
function notFound(patterns: readonly Pattern[], side: Side, request: FastifyRequest): ApiError {
  const path = (request.raw.url ?? "").split("?")[0] ?? "";
  const version = /^\/api\/([^/]+)\//.exec(path)?.[1];
  const fitting = patterns.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route);
  const hint = side === "public" ? "." : "; GET /docs shows all there is.";
  if (fitting.length === 0) return apiError({ code: "not_found", message: `There is nothing at this path${hint}` });
  if (version !== undefined && !isApiVersion(version)) {
    return apiError({ code: "unknown_version", message: `There is no API version "${version.slice(0, 20)}".` });
  }
  const allowed = [...new Set(fitting.map((route): string => route.method))].join(", ");
  const error: ContractError = { code: "method_not_allowed", message: `${ERRORS.method_not_allowed.meaning} It takes ${allowed}.` };
  return new ApiError(error, { Allow: allowed });
}
