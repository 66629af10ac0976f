import { fuzzRoutes } from "./fuzz-routes.ts";

fuzzRoutes("postgres", 0.03);
