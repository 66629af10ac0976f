import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ApiError } from "@genhook/contract/client";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { App } from "./app.tsx";
import { openedLink } from "./session/link.ts";
import { theme } from "./theme.ts";
import "./styles/library.css";
import "./styles/variables.css";
import "./styles/portal.css";

const TRIES_MAX = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the server refuses it refuses again.
      retry: (failed, error) => failed < TRIES_MAX && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

const root = document.querySelector("#root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
          <Router base={openedLink?.base ?? ""}>
            <App />
          </Router>
        </MantineProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
