import type { CallExample } from "./call-example.ts";
import { CLIENT_ID } from "./story.ts";

export const openExamples: Readonly<Record<string, CallExample>> = {
  getHealth: { answer: { alive: true } },
  getReadiness: { answer: { ready: true, reasons: [] } },
  getMetrics: {},
  getOpenApi: {},
  getAsyncApi: {},
  getDocs: {},
  getPublicKeys: {
    params: { clientId: CLIENT_ID },
    answer: {
      keys: [
        {
          kty: "OKP",
          crv: "Ed25519",
          alg: "EdDSA",
          use: "sig",
          kid: "2d4f6a8c-1b3d-4e5f-9a7b-8c6d5e4f3a21",
          x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
          publicKey: "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
          state: "live",
          createTime: "2025-01-02T10:00:00.000Z",
        },
      ],
    },
  },
};
