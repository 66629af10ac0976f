import type { Outcome } from "@genhook/core";
import { DELIVERY_HEADERS } from "@genhook/contract";
import type { SecretVault } from "../secrets/secret-vault.ts";
import { standardSignature, USER_AGENT } from "../send/delivery-headers.ts";
import type { HttpSender } from "../send/http-sender.ts";
import { noticeBody, type Notice } from "./notice.ts";

/**
 * Posts a notice to an app's contact address, signed like a delivery, through the same guard and deadline. Answers how it ended. `now`: wall
 * ms of this try, which the signature binds.
 */
export function postNotice(
  sender: Pick<HttpSender, "post">,
  secrets: SecretVault,
  notice: Notice,
  url: string,
  now: number,
): Promise<Outcome> {
  const body = Buffer.from(noticeBody(notice));
  const seconds = Math.floor(now / 1000);
  const headers = (): string[] => [
    "content-type",
    "application/json",
    "user-agent",
    USER_AGENT,
    "accept-encoding",
    "identity",
    DELIVERY_HEADERS.standardId,
    notice.id,
    DELIVERY_HEADERS.standardTimestamp,
    String(seconds),
    DELIVERY_HEADERS.standardSignature,
    standardSignature(secrets.liveSecrets(notice.app), notice.id, seconds, body),
  ];
  return new Promise((resolve) => {
    sender.post(url, headers, body, resolve);
  });
}
