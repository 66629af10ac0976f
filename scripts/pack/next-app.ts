import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeSigningSecret, signedRequest } from "@genhook/receiver/testing";
import type { BareMachine } from "./bare-machine.ts";
import { REPOSITORY } from "./workspaces.ts";

const PACKAGES = ["next@16.4.6", "react@19.3.1", "react-dom@19.3.1", "typescript@5.9.3", "@types/node@24.19.2", "@types/react@19.3.0"];
const LAYOUT = `export default function Layout({ children }: { children: React.ReactNode }) {
  return <html><body>{children}</body></html>;
}
`;

/** The example for Next.js in an app of its own, built and started by Next itself with the packed kit: what `npm test` leaves out for its 340 MB. */
export async function tryNext(machine: BareMachine, kit: string): Promise<string> {
  const project = machine.project("next");
  machine.run(project, "npm", "install", kit, ...PACKAGES);
  for (const folder of ["app", "lib"]) cpSync(join(REPOSITORY, "examples/nextjs", folder), join(project, folder), { recursive: true });
  mkdirSync(join(project, "app"), { recursive: true });
  writeFileSync(join(project, "app/layout.tsx"), LAYOUT);
  const compilerOptions = { strict: true, noEmit: true, module: "esnext", moduleResolution: "bundler", jsx: "react-jsx" };
  const settings = { ...compilerOptions, allowImportingTsExtensions: true, skipLibCheck: true, isolatedModules: true, target: "es2022" };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: settings, include: ["**/*.ts", "**/*.tsx"] }));
  machine.run(project, "npx", "next", "build");
  const signingSecret = await makeSigningSecret();
  writeFileSync(join(project, ".env.local"), `SIGNING_SECRET=${signingSecret}\nORDER_FILE=:memory:\n`);
  const server = await machine.start(project, /http:\/\/localhost:(\d+)[\s\S]*Ready/, "npx", "next", "start", "--port", "0");
  const send = async (secret: string): Promise<number> => {
    const url = `http://127.0.0.1:${server.match[1]}/webhooks`;
    return (await fetch(await signedRequest(url, { topic: "orders/create", signingSecret: secret, deliveryId: "d1" }))).status;
  };
  const statuses = [await send(signingSecret), await send(signingSecret), await send(await makeSigningSecret())];
  await server.stop();
  if (statuses.join(" ") !== "200 200 401") throw new Error(`the route answered ${statuses.join(" ")}`);
  return statuses.join(" ");
}
