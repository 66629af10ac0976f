import { fuzzRoutes } from "./fuzz-routes.ts";
import { STORE } from "../harness.ts";

fuzzRoutes(STORE, 0.06);
