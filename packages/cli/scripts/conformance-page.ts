import { CHECK_IDS, CHECKS, PARTS, type Check, type CheckId, type Part } from "../src/conform/check-table.ts";

/** `docs/conformance.md`: prose, and the table of checks. */
export function conformancePage(): string {
  return [...OPENING, ...(Object.keys(PARTS) as Part[]).flatMap(part), ""].join("\n");
}

const OPENING: readonly string[] = [
  "# Conformance of an endpoint",
  "",
  "Made by `npm run golden:update` from the checks themselves.",
  "",
  "```sh",
  "genhook conform http://localhost:3000/hooks --client-secret SECRET --signing-secret whsec_…",
  "```",
  "",
  "sends an endpoint what it will meet in production, with the server's own sender, headers and signatures, and judges its answers. It needs no server",
  "and no network: run it beside the app while you write it, and in its CI (exit code 1 where something is wrong, 5 where nothing answers; `--json`).",
  "The secrets are the ones that the endpoint checks with (`GENHOOK_CLIENT_SECRET`, `GENHOOK_SIGNING_SECRET`); what cannot be signed is left out and said to be.",
  "",
  "Events are made up, each of an order of its own, for `orders/create` of `conform-test.genmystore.com` unless `--topic`, `--shop`, `--webhook-id` and",
  "`--api-version` say otherwise: an app that looks the shop up needs one that it knows. It will see some forty events, so give it data of its own.",
  "",
  "From outside only answers can be seen. **`--effects COMMAND`** shows what was done: a command that prints how many events the app has processed, such as",
  "`--effects 'psql -At -c \"select count(*) from orders\"'`. It is run before and after; without it those checks are *not judged*.",
  "",
  "`✗` stands for what must be right: deliveries are lost, repeated or forged otherwise. `!` stands for what could be better; with `--strict` that is an",
  "error too. `–` could not be judged. `--only CHECK` runs one check alone; the names are the headings here.",
];

function part(name: Part): readonly string[] {
  return ["", `## ${PARTS[name]}`, ...CHECK_IDS.filter((id) => CHECKS[id].part === name).flatMap((id) => section(id, CHECKS[id]))];
}

function section(id: CheckId, { level, title, sends, wants, mend }: Check): readonly string[] {
  return ["", `### ${id}`, "", `A good endpoint ${title} (${level}).`, "", `- sent: ${sends}`, `- right: ${wants}`, `- otherwise: ${mend}`];
}
