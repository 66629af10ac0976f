import { expect, test } from "vitest";
import { checkAddress } from "../../src/send/address-guard.ts";
import { guardedLookup } from "../../src/send/guarded-dial.ts";
import { judgeIp } from "../../src/send/ip-ranges.ts";

const PUBLIC = { allowPrivate: false };

/** Every spelling that is known to have led a guard astray, with the code that it must get. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["https://127.0.0.1/", "address_refused"],
  ["https://127.1/", "address_refused"],
  ["https://2130706433/", "address_refused"],
  ["https://0x7f000001/", "address_refused"],
  ["https://0x7f.1/", "address_refused"],
  ["https://0177.0.0.1/", "address_refused"],
  ["https://017700000001/", "address_refused"],
  ["https://127.0.0.1./", "address_refused"],
  ["https://①②⑦.⓪.⓪.①/", "address_refused"],
  ["https://127。0。0。1/", "address_refused"],
  ["https://0/", "address_refused"],
  ["https://0.0.0.0/", "address_refused"],
  ["https://10.1.2.3/", "address_refused"],
  ["https://172.16.0.1/", "address_refused"],
  ["https://172.31.255.255/", "address_refused"],
  ["https://192.168.1.1/", "address_refused"],
  ["https://100.64.0.1/", "address_refused"],
  ["https://169.254.169.254/latest/meta-data/", "address_refused"],
  ["https://192.0.0.8/", "address_refused"],
  ["https://192.0.2.1/", "address_refused"],
  ["https://198.18.0.1/", "address_refused"],
  ["https://198.51.100.1/", "address_refused"],
  ["https://203.0.113.1/", "address_refused"],
  ["https://224.0.0.1/", "address_refused"],
  ["https://240.0.0.1/", "address_refused"],
  ["https://255.255.255.255/", "address_refused"],
  ["https://[::]/", "address_refused"],
  ["https://[::1]/", "address_refused"],
  ["https://[0:0:0:0:0:0:0:1]/", "address_refused"],
  ["https://[::ffff:127.0.0.1]/", "address_refused"],
  ["https://[::ffff:7f00:1]/", "address_refused"],
  ["https://[::127.0.0.1]/", "address_refused"],
  ["https://[64:ff9b::7f00:1]/", "address_refused"],
  ["https://[64:ff9b::a9fe:a9fe]/", "address_refused"],
  ["https://[64:ff9b:1::808:808]/", "address_refused"],
  ["https://[2002:7f00:1::]/", "address_refused"],
  ["https://[2002:c0a8:101::1]/", "address_refused"],
  ["https://[2001:0:7f00:1::]/", "address_refused"],
  ["https://[2001:0:808:808:0:0:80ff:fffe]/", "address_refused"],
  ["https://[2606:4700::5efe:7f00:1]/", "address_refused"],
  ["https://[2606:4700::200:5efe:a00:1]/", "address_refused"],
  ["https://[fc00::1]/", "address_refused"],
  ["https://[fd12:3456::1]/", "address_refused"],
  ["https://[fe80::1]/", "address_refused"],
  ["https://[fec0::1]/", "address_refused"],
  ["https://[ff02::1]/", "address_refused"],
  ["https://[2001:db8::1]/", "address_refused"],
  ["https://[100::1]/", "address_refused"],
  ["https://[4000::1]/", "address_refused"],
  ["https://[::ffff:0:127.0.0.1]/", "address_refused"],
  ["https://[64:ff9b:1:7f00:0:100::]/", "address_refused"],
  ["https://[::ffff:0x7f.1]/", "address_malformed"],
  ["https://[fe80::1%25eth0]/", "address_malformed"],
  ["https://[fe80::1%eth0]/", "address_malformed"],
  ["https://[::1]:443.example.com/", "address_malformed"],
  ["https://[::1].example.com/", "address_malformed"],
  ["https://168.63.129.16/", "address_refused"],
  ["https://0x7f.0x0.0x0.0x1/", "address_refused"],
  ["https://0300.0250.0.01/", "address_refused"],
  ["https://4294967297/", "address_malformed"],
  ["https://1.2.3.4.5/", "address_malformed"],
  ["https://127.0.0.1%2e/", "address_refused"],
  ["https://%31%32%37.0.0.1/", "address_refused"],
  ["https://127.0.0.1%00.example.com/", "address_malformed"],
  ["https://127.0.0.1%0d%0a.example.com/", "address_malformed"],
  ["https://localhost../", "address_malformed"],
  ["https://localhost%2e/", "address_refused"],
  ["https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "address_refused"],
  ["https://a.b.localhost/", "address_refused"],
  ["https://app.ｌｏｃａｌ/", "address_refused"],
  ["https://app。localhost/", "address_refused"],
  ["https://kubernetes.default.svc.cluster.local/", "address_refused"],
  ["https://metadata/", "address_refused"],
  ["https://1.0.0.127.in-addr.arpa/", "address_refused"],
  ["https://hidden.onion/", "address_refused"],
  ["https://\u00adlocalhost/", "address_refused"],
  ["https://loc\u200balhost/", "address_refused"],
  ["https://./", "address_malformed"],
  ["https://.example.com/", "address_malformed"],
  [`https://${"a".repeat(64)}.example.com/`, "address_malformed"],
  [`https://${"a.".repeat(126)}example.com/`, "address_malformed"],
  ["https://a..example.com/", "address_malformed"],
  ["https://localhost/", "address_refused"],
  ["https://LOCALHOST/", "address_refused"],
  ["https://localhost./", "address_refused"],
  ["https://app.localhost/", "address_refused"],
  ["https://printer.local/", "address_refused"],
  ["https://metadata.google.internal/", "address_refused"],
  ["https://intranet/", "address_refused"],
  ["https://router.home.arpa/", "address_refused"],
  ["https://example.com:22/", "address_refused"],
  ["https://example.com:25/", "address_refused"],
  ["https://example.com:6379/", "address_refused"],
  ["https://example.com:6667/", "address_refused"],
  ["http://example.com/", "address_not_https"],
  ["ftp://example.com/", "address_not_https"],
  ["file:///etc/passwd", "address_malformed"],
  ["javascript:alert(1)", "address_malformed"],
  ["gopher://example.com/", "address_not_https"],
  ["https://user@example.com/", "address_has_user_info"],
  ["https://user:pass@example.com/", "address_has_user_info"],
  ["https://@example.com/", "address_has_user_info"],
  ["https://:@example.com/", "address_has_user_info"],
  ["https://1.1.1.1&@127.0.0.1/", "address_has_user_info"],
  ["https://example.com:443@127.0.0.1/", "address_has_user_info"],
  ["https://example.com%40127.0.0.1/", "address_malformed"],
  ["https://example.com:0/", "address_refused"],
  ["https://example.com:00443.example.com/", "address_malformed"],
  ["https://example.com:443:443/", "address_malformed"],
  ["https://example.com:-443/", "address_malformed"],
  ["https://example.com/#x", "address_has_fragment"],
  ["https://example.com/#", "address_has_fragment"],
  ["https:example.com", "address_malformed"],
  ["https:/example.com", "address_malformed"],
  ["https:///example.com", "address_malformed"],
  ["//example.com/", "address_malformed"],
  ["example.com/hooks", "address_malformed"],
  ["", "address_malformed"],
  [" https://example.com/", "address_malformed"],
  ["https://example.com/ a", "address_malformed"],
  ["https://exa\tmple.com/", "address_malformed"],
  ["https://example.com/\r\nX-Injected: 1", "address_malformed"],
  ["https://example.com\\@127.0.0.1/", "address_malformed"],
  ["https:\\\\example.com", "address_malformed"],
  ["https://127.0.0.1\\.example.com/", "address_malformed"],
  ["https://\texample.com/", "address_malformed"],
  ["\nhttps://example.com/", "address_malformed"],
  ["data:text/plain,x", "address_malformed"],
  ["blob:https://example.com/x", "address_malformed"],
  ["ws://example.com/", "address_not_https"],
  ["https://exam\u0000ple.com/", "address_malformed"],
  ["https://[::1", "address_malformed"],
  ["https://example.com:99999/", "address_malformed"],
  ["https://256.256.256.256/", "address_malformed"],
  [`https://example.com/${"a".repeat(2_048)}`, "address_too_long"],
];

test.each(REFUSED)("%s is refused as %s", (address, code) => {
  const check = checkAddress(address, PUBLIC);
  expect(check.ok ? check.address : check.code).toBe(code);
});

test.each([
  "https://app.example.com/hooks",
  "https://app.example.com:8443/hooks?shop=1&x=%20",
  "HTTPS://App.Example.com/",
  "https://bücher.example.com/",
  "https://1.1.1.1/",
  "https://[2606:4700:4700::1111]/",
  "https://[2002:808:808::1]/",
  "https://[64:ff9b::808:808]/",
])("%s is allowed and kept as written", (address) => {
  const check = checkAddress(address, PUBLIC);
  expect(check).toMatchObject({ ok: true, address: { text: address } });
});

test("with private addresses allowed, http: and any host pass, and nothing else does", () => {
  expect(checkAddress("http://127.0.0.1:9/", { allowPrivate: true }).ok).toBe(true);
  expect(checkAddress("http://localhost/", { allowPrivate: true }).ok).toBe(true);
  expect(checkAddress("ftp://localhost/", { allowPrivate: true }).ok).toBe(false);
  expect(checkAddress("http://a@localhost/", { allowPrivate: true }).ok).toBe(false);
});

test("what is no IP address is never taken for a public one", () => {
  expect(judgeIp("example.com")).not.toBeNull();
  expect(judgeIp("8.8.8.8")).toBeNull();
  expect(judgeIp("fe80::1%eth0")).not.toBeNull();
});

function lookUp(addresses: readonly { address: string; family: number }[], all: boolean): Promise<unknown> {
  const lookup = guardedLookup({ allowPrivate: false, resolve: (_, done) => done(null, addresses) });
  return new Promise((resolve, reject) => {
    lookup("app.example.com", { all }, (error, found) => (error === null ? resolve(found) : reject(error)));
  });
}

test("a look-up hands on only vetted addresses", async () => {
  const mixed = [
    { address: "10.0.0.1", family: 4 },
    { address: "1.1.1.1", family: 4 },
    { address: "::1", family: 6 },
  ];
  await expect(lookUp(mixed, true)).resolves.toEqual([{ address: "1.1.1.1", family: 4 }]);
  await expect(lookUp(mixed, false)).resolves.toBe("1.1.1.1");
});

test("a name that resolves to private addresses alone is refused, with the exact reason for the operator", async () => {
  await expect(lookUp([{ address: "169.254.169.254", family: 4 }], true)).rejects.toMatchObject({
    code: "GENHOOK_ADDRESS_REFUSED",
    message: expect.stringContaining("link-local") as string,
  });
});
