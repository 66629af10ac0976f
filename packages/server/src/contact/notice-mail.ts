import { rootCertificates } from "node:tls";
import { noticeMail, type Notice } from "./notice.ts";

/** One mail's connection, greeting and answers may each take this long, ms. */
const MAIL_TIMEOUT_MS = 10_000;

export interface MailerOptions {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly smtpUrl: string;
  readonly from: string;
  /** Further certificate authorities, PEM, beside the usual ones. */
  readonly ca: readonly string[] | null;
}

/** Sends notices by e-mail through the operator's own server. */
export interface Mailer {
  /** Rejects with the server's answer, or with what went wrong on the way. */
  readonly send: (notice: Notice, to: string) => Promise<void>;
  readonly close: () => void;
}

export async function openMailer({ smtpUrl, from, ca }: MailerOptions): Promise<Mailer> {
  // Only here: it takes 7 MB, and most operators have no mail server.
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: 2,
    connectionTimeout: MAIL_TIMEOUT_MS,
    greetingTimeout: MAIL_TIMEOUT_MS,
    socketTimeout: MAIL_TIMEOUT_MS,
    // Nothing that a tenant wrote may name a file or an address to read.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(ca === null ? {} : { tls: { ca: [...rootCertificates, ...ca] } }),
  });
  return {
    send: async (notice, to) => {
      const { subject, text } = noticeMail(notice);
      // As an object: a comma in a text would make two recipients of it.
      await transport.sendMail({ from, to: { name: "", address: to }, subject, text, messageId: `<${notice.id}@genhook>` });
    },
    close: () => transport.close(),
  };
}
