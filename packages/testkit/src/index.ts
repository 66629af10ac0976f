export { callApiWith, type CallApi } from "./call-api.ts";
export { startEndpoint, type Answer, type Endpoint, type EndpointOptions, type Received } from "./endpoint.ts";
export { startEgressProxy, type EgressProxy, type EgressProxyOptions } from "./egress-proxy.ts";
export { natsMissing, startNats, type ThrowAwayNats } from "./brokers/nats.ts";
export { rabbitMissing, startRabbit, type ThrowAwayRabbit } from "./brokers/rabbitmq.ts";
export { redisMissing, startRedis, type ThrowAwayRedis } from "./redis.ts";
export { whyMissing } from "./installed.ts";
export { seededRandom } from "./seeded.ts";
export { strictSchema } from "./strict-schema.ts";
export { startDnsServer, type DnsAnswer, type DnsQuestion, type DnsServer } from "./dns-server.ts";
export { fuzz } from "./fuzz.ts";
export { startRawEndpoint, type RawEndpoint, type RawEndpointOptions, type Turn } from "./raw-endpoint.ts";
export { badCertificates, testCertificate } from "./tls.ts";
export type { ZooEntry, ZooGroup } from "./zoo/entry.ts";
export { ENDPOINT_ZOO } from "./zoo/zoo.ts";
export * from "./store/builders.ts";
export * from "./store/lives.ts";
export { describeStore, type StoreHarness } from "./store/conformance.ts";
export { describeSharedStore, type SharedStoreHarness } from "./store/conformance-shared.ts";
export { freePort } from "./ports.ts";
export { FaultProxy } from "./fault-proxy.ts";
export {
  installedPostgres,
  postgresBinaries,
  startPostgresPair,
  startThrowAwayPostgres,
  withClient,
  type PostgresPair,
  type ThrowAwayPostgres,
  type ThrowAwayPostgresOptions,
} from "./postgres/throw-away-postgres.ts";
export { poolerMissing, startPooler, type Pooler } from "./postgres/pooler.ts";
export { openTestDatabases, type TestDatabases } from "./postgres/test-database.ts";
