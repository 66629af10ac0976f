import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifySignature } from "@genhook/receiver";
import { startEndpoint, testCertificate, type Endpoint } from "@genhook/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { ContactNotices, type Channel } from "../../src/contact/contact-notices.ts";
import { openMailer, type Mailer } from "../../src/contact/notice-mail.ts";
import { noticeMail, type Notice } from "../../src/contact/notice.ts";
import { HttpSender } from "../../src/send/http-sender.ts";
import { readCertificates } from "../../src/settings/setting-file.ts";
import { makeApp, makeSender, makeVault, SIGNING_SECRET } from "../send/sending.ts";
import { startMailServer, type MailServer } from "./mail-server.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Told {
  readonly channel: Channel;
  readonly why: string | null;
  readonly isLast: boolean;
}

/** Notices whose waits the test ends; what became of each try is told in order. */
function setUp(options: { readonly sender?: HttpSender; readonly mailer?: Mailer } = {}): {
  readonly notices: ContactNotices;
  readonly told: readonly Told[];
  readonly waits: readonly number[];
  readonly nextTry: () => void;
  readonly heard: (count: number) => Promise<void>;
} {
  const told: Told[] = [];
  const waits: number[] = [];
  let wake: (() => void) | null = null;
  let listener: { readonly count: number; readonly resolve: () => void } | null = null;
  const tell = (one: Told): void => {
    told.push(one);
    if (listener !== null && told.length >= listener.count) listener.resolve();
  };
  const sender = options.sender ?? makeSender();
  closing.push(() => sender.close());
  const notices = new ContactNotices({
    sender,
    secrets: makeVault(),
    mailer: options.mailer ?? null,
    timers: {
      after: (delayMs, fire) => {
        waits.push(delayMs);
        wake = fire;
        return { cancel: () => undefined };
      },
    },
    now: Date.now,
    onSent: (_, channel) => tell({ channel, why: null, isLast: true }),
    onFailed: (_, channel, why, isLast) => tell({ channel, why, isLast }),
  });
  closing.push(() => notices.stop());
  return {
    notices,
    told,
    waits,
    nextTry: () => wake?.(),
    heard: (count) =>
      new Promise((resolve) => {
        if (told.length >= count) resolve();
        else listener = { count, resolve };
      }),
  };
}

function notice(contact: { readonly url?: string; readonly email?: string }): Notice {
  const failing = { since: Date.now() - 110_000_000, attempts: 40, lastAt: Date.now(), warnedPercent: 25, warnedAt: Date.now() } as const;
  return {
    id: "ntc_1",
    at: Date.now(),
    app: makeApp({ contactUrl: contact.url ?? null, contactEmail: contact.email ?? null }),
    endpoint: { id: "ep_000000000000000000000001", address: "https://a.example.com/hooks", webhooks: 3 },
    content: { type: "endpoint.failing", failing },
  };
}

async function endpoint(answers: readonly number[]): Promise<Endpoint> {
  const started = await startEndpoint({ answer: (_, count) => answers[count - 1] ?? 200 });
  closing.push(() => started.close());
  return started;
}

async function mailServer(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const started = await startMailServer(options);
  closing.push(() => started.close());
  return started;
}

/** One step of the notices' own promises. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe("a notice to the contact's address", () => {
  it("is tried three times under the same id, each try signed anew, and then no more", async () => {
    const contact = await endpoint([500, 302, 503]);
    const { notices, told, waits, nextTry, heard } = setUp();
    notices.send(notice({ url: contact.url }));
    await heard(1);
    await turn();
    nextTry();
    await heard(2);
    await turn();
    nextTry();
    await heard(3);
    await turn();
    expect(told).toEqual([
      { channel: "url", why: "status 500", isLast: false },
      { channel: "url", why: "status 302", isLast: false },
      { channel: "url", why: "status 503", isLast: true },
    ]);
    expect(waits).toEqual([30_000, 300_000]);
    expect(new Set(contact.received.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(["ntc_1"]));
    for (const { body, headers } of contact.received) expect((await verifySignature(body, headers, SIGNING_SECRET)).id).toBe("ntc_1");
  });

  it("goes through the address guard: one that leads into a private network is refused, and nothing follows", async () => {
    const contact = await endpoint([]);
    const { notices, told, heard } = setUp({ sender: makeSender({ allowPrivate: false }) });
    notices.send(notice({ url: contact.url }));
    await heard(1);
    expect(told[0]?.why).toContain("127.0.0.1 is refused");
    expect(contact.received).toHaveLength(0);
  });

  it("is given up at a stop, while it waits and while it is under way", async () => {
    const contact = await endpoint([500]);
    const { notices, told, nextTry, heard } = setUp();
    notices.send(notice({ url: contact.url }));
    await heard(1);
    await turn();
    await notices.stop();
    nextTry();
    notices.send(notice({ url: contact.url }));
    await turn();
    expect(contact.received).toHaveLength(1);
    expect(told).toHaveLength(1);
  });
});

describe("a notice by e-mail", () => {
  it("is sent again where the server refuses it for now", async () => {
    const server = await mailServer();
    server.refuse(1);
    const mailer = await openMailer({ smtpUrl: `smtp://127.0.0.1:${server.port}`, from: "Hooks <hooks@example.com>", ca: null });
    const { notices, told, nextTry, heard } = setUp({ mailer });
    notices.send(notice({ email: "dev@example.com" }));
    await heard(1);
    expect(told[0]?.why).toContain("451");
    await turn();
    nextTry();
    await heard(2);
    expect(told[1]).toEqual({ channel: "email", why: null, isLast: true });
    expect(server.mails[0]).toMatchObject({ from: "hooks@example.com", to: ["dev@example.com"] });
    expect(server.mails[0]?.text).toMatch(/^Message-ID: <ntc_1@/m);
  });

  it("logs in, over TLS of an authority that --ca-file names", async () => {
    const logins: string[] = [];
    const server = await mailServer({
      secure: true,
      key: testCertificate.key,
      cert: testCertificate.cert,
      authOptional: false,
      onAuth: ({ username, password }, _session, done) => {
        logins.push(`${username} ${password}`);
        done(null, { user: username });
      },
    });
    const folder = mkdtempSync(join(tmpdir(), "genhook-mail-"));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "ca.pem"), testCertificate.ca);
    const smtpUrl = `smtps://user:pa%20ss@localhost:${server.port}`;
    const trusting = await openMailer({ smtpUrl, from: "hooks@example.com", ca: readCertificates("ca-file", join(folder, "ca.pem")) });
    await trusting.send(notice({}), "dev@example.com");
    trusting.close();
    expect(logins).toEqual(["user pa ss"]);
    expect(server.mails).toHaveLength(1);
    const strict = await openMailer({ smtpUrl, from: "hooks@example.com", ca: null });
    await expect(strict.send(notice({}), "dev@example.com")).rejects.toThrow(/certificate/);
    strict.close();
  });

  it("goes to one recipient, whatever the contact's text looks like, and no text of a tenant makes a header", async () => {
    const server = await mailServer();
    const mailer = await openMailer({ smtpUrl: `smtp://127.0.0.1:${server.port}`, from: "hooks@example.com", ca: null });
    const odd = notice({});
    await mailer
      .send({ ...odd, app: { ...odd.app, name: "Evil\r\nBcc: victim@example.com" } }, "dev@example.com,victim@example.com")
      .catch(() => undefined);
    await mailer.send({ ...odd, app: { ...odd.app, name: "Evil\r\nBcc: victim@example.com" } }, "dev@example.com");
    mailer.close();
    for (const mail of server.mails) {
      expect(mail.to).toHaveLength(1);
      expect(mail.to).not.toContain("victim@example.com");
      expect(mail.text.split("\r\n\r\n")[0]).not.toMatch(/^Bcc:/m);
    }
    expect(server.mails.at(-1)?.to).toEqual(["dev@example.com"]);
  });

  it("says what happened and what to do", () => {
    const { app, endpoint: of, content } = notice({});
    const read = (more: Partial<Notice>): string => noticeMail({ ...notice({}), ...more }).text;
    expect(read({})).toContain(`${app.name} (${app.clientId})\n${of.address}`);
    expect(read({})).toMatch(/40 attempts have failed.*3 webhooks will be suspended from/s);
    const failing = content.type === "endpoint.resumed" ? null : content.failing;
    if (failing !== null) expect(read({ content: { type: "endpoint.suspended", failing } })).toContain("/resume");
    expect(read({ content: { type: "endpoint.resumed" } })).toContain("slowly at first");
  });
});
