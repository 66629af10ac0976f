import { Type } from "typebox";
import { Id, open, rooted, TextList } from "../schema-parts.ts";
import type { Topic } from "./topic.ts";

const CLIENT_ID = "58DAED6AEC7AA1C2C8DFD719E8E06E3A";
const SHOP_ID = "4022054969604";

const AuthScope = rooted(
  "authScope",
  open({ clientId: Type.String(), shopId: Id }, { previous: TextList, current: TextList, updateTime: Type.String() }),
);
const Installed = rooted("installed", open({ clientId: Type.String(), shopId: Id }, { scopes: TextList }));
const Uninstalled = rooted("uninstalled", open({ clientId: Type.String(), shopId: Id }, {}));

const COMMON = { domain: "App", audience: "app", scopes: ["write_apps", "read_apps"], subjects: [], madeByGenhook: true } as const;

/** Made by Genhook when it happens, in the same transaction. The samples are the public pages'. */
export const appTopics: readonly Topic[] = [
  {
    ...COMMON,
    name: "app/installed",
    title: "App installed",
    description: "The app was installed on a shop.",
    root: "installed",
    versions: { "202412": { schema: Installed } },
    sample: { installed: { clientId: CLIENT_ID, shopId: SHOP_ID, scopes: "[read_orders,write_orders]" } },
  },
  {
    ...COMMON,
    name: "app/scopesUpdate",
    title: "App scopes update",
    description: "The scopes that a shop grants the app changed.",
    root: "authScope",
    versions: { "202412": { schema: AuthScope } },
    sample: {
      authScope: {
        clientId: CLIENT_ID,
        shopId: SHOP_ID,
        previous: "[read_orders]",
        current: "[read_orders,write_orders]",
        updateTime: "1732864257361",
      },
    },
  },
  {
    ...COMMON,
    name: "app/uninstalled",
    title: "App uninstalled",
    description: "The app was uninstalled from a shop; its token is gone.",
    root: "uninstalled",
    versions: { "202412": { schema: Uninstalled } },
    sample: { uninstalled: { clientId: CLIENT_ID, shopId: SHOP_ID } },
  },
];
