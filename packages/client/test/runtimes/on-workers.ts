// For workerd, without any compatibility flag. `workerd test` calls `test`.
import { runClientChecks } from "./program.ts";

export default {
  async test(): Promise<void> {
    const outcome = await runClientChecks();
    console.log(JSON.stringify(outcome));
    if (outcome.failed.length > 0) throw new Error(outcome.failed.join("\n"));
  },
};
