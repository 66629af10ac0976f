/** Why a source cannot be opened, for people: a wrong address, a queue that is not there, a setting that would lose something. */
export class BrokerError extends Error {
  readonly code: "unreachable" | "misconfigured";

  constructor(code: BrokerError["code"], message: string) {
    super(message);
    this.name = "BrokerError";
    this.code = code;
  }
}
