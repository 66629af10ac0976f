export { startEndpoint, type Answer, type Endpoint, type EndpointOptions, type Received } from "./endpoint.ts";
export { seededRandom } from "./seeded.ts";
export { startRawEndpoint, type RawEndpoint, type RawEndpointOptions, type Turn } from "./raw-endpoint.ts";
export { badCertificates, testCertificate } from "./tls.ts";
export type { ZooEntry, ZooGroup } from "./zoo/entry.ts";
export { ENDPOINT_ZOO } from "./zoo/zoo.ts";
export * from "./store/builders.ts";
export { describeStore, type StoreHarness } from "./store/conformance.ts";
export { describeSharedStore, type SharedStoreHarness } from "./store/conformance-shared.ts";
