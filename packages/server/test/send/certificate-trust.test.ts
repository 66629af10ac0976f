import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { badCertificates, startEndpoint, testCertificate } from "@genhook/testkit";
import { afterAll, afterEach, expect, test } from "vitest";
import { readCertificates } from "../../src/settings/setting-file.ts";
import { Harness, ORDER } from "../harness.ts";
import { attempt, makeRequest, makeSender, wordOf } from "./sending.ts";

const folder = mkdtempSync(join(tmpdir(), "genhook-ca-"));
const usual = getCACertificates("default");
afterEach(() => setDefaultCACertificates(usual));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("the authorities of --ca-file count beside the usual ones, not instead of them", async () => {
  const [ours, theirs] = [await startEndpoint({ tls: true }), await startEndpoint({ tls: true, certificate: badCertificates.selfSigned })];
  const words = async (ca: readonly string[] | null): Promise<string[]> => {
    const sender = makeSender({ ca });
    const found = [wordOf(await attempt(sender, makeRequest(ours.url))), wordOf(await attempt(sender, makeRequest(theirs.url)))];
    await sender.close();
    return found;
  };
  expect(await words(null)).toEqual(["tls_failed", "tls_failed"]);
  expect(await words([badCertificates.selfSigned])).toEqual(["tls_failed", "200"]);
  // The test's authority stands for those that come with Node.
  setDefaultCACertificates([...usual, testCertificate.ca]);
  expect(await words([badCertificates.selfSigned])).toEqual(["200", "200"]);
  await ours.close();
  await theirs.close();
});

test("a whole server delivers to an endpoint whose authority stands in its file", async () => {
  const h = new Harness();
  await h.start({ "ca-file": file("two.pem", `# our own\n${badCertificates.selfSigned}\n${testCertificate.ca}`) });
  const endpoint = await h.endpoint({ tls: true });
  const app = await h.install();
  await h.subscribe(app, "orders/create", endpoint.url);
  await h.publish("orders/create", ORDER);
  await endpoint.waitFor(1);
  expect(endpoint.received[0]?.headers["x-genstore-topic"]).toBe("orders/create");
  await h.stop();
});

test.each([
  ["nothing.pem", "no certificates here", /holds no certificate/],
  [
    "broken.pem",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    /Certificate 1 in the file .*broken\.pem of --ca-file cannot be read/,
  ],
  ["second.pem", `${testCertificate.ca}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`, /Certificate 2/],
])("%s ends the start with a line that names it", (name, content, says) => {
  expect(() => readCertificates("ca-file", file(name, content))).toThrow(says);
});

test("a file that is not there, or is a folder, is said", () => {
  expect(() => readCertificates("ca-file", join(folder, "none.pem"))).toThrow(/none\.pem of --ca-file does not exist/);
  expect(() => readCertificates("ca-file", folder)).toThrow(/is a folder/);
});
