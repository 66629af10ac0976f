// For Node, Deno and Bun. Prints the outcome as JSON.
import { runClientChecks } from "./program.ts";

console.log(JSON.stringify(await runClientChecks()));
