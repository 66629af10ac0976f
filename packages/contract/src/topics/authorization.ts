import { Type } from "typebox";
import { Id, open, rooted } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const AuthCode = rooted("authCode", open({ clientId: Type.String(), shopId: Id, code: Type.String() }, {}));

export const authorizationTopics: readonly Topic[] = [
  {
    name: "app/authorizationCodeGranted",
    domain: "Authorization",
    title: "Authorization code granted",
    description: "The app was pre-installed while a shop was set up; carries the code to exchange for a token.",
    audience: "app",
    scopes: ["write_apps", "read_apps"],
    root: "authCode",
    subjects: [],
    madeByGenhook: false,
    versions: { "202412": { schema: AuthCode } },
    sample: { authCode: { clientId: "58DAED6AEC7AA1C2C8DFD719E8E06E3A", shopId: "4022054969604", code: "e4141dwadwae1312" } },
  },
];
