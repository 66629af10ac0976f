export { startEndpoint, type Answer, type Endpoint, type EndpointOptions, type Received } from "./endpoint.ts";
export { seededRandom } from "./seeded.ts";
export { testCertificate } from "./tls.ts";
export * from "./store/builders.ts";
export { describeStore, type StoreHarness } from "./store/conformance.ts";
