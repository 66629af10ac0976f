// For workerd: the portable checks inside a Worker, without any compatibility flag. `workerd test` calls `test`.
import { portableChecks, runChecks } from "./program.ts";

export default {
  async test(): Promise<void> {
    const outcome = await runChecks(portableChecks());
    console.log(JSON.stringify(outcome));
    if (outcome.failed.length > 0) throw new Error(outcome.failed.join("\n"));
  },
};
