import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { PortalSession } from "@genhook/contract/client";
import { Component, lazy, Suspense, useEffect, useState, type ReactNode } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Failed, Lines } from "./parts/states.tsx";
import { Page } from "./parts/page.tsx";
import { readSession, whenSignedOut } from "./session/client.ts";
import { changeSession, SessionContext } from "./session/session-context.ts";
import { Shell } from "./session/shell.tsx";
import { SignIn } from "./session/sign-in.tsx";
import { words } from "./words.ts";

const Overview = lazy(() => import("./pages/overview.tsx"));
const Deliveries = lazy(() => import("./pages/deliveries.tsx"));
const Delivery = lazy(() => import("./pages/delivery.tsx"));
const Event = lazy(() => import("./pages/event.tsx"));
const Replays = lazy(() => import("./pages/replays.tsx"));
const Webhooks = lazy(() => import("./pages/webhooks.tsx"));
const Webhook = lazy(() => import("./pages/webhook.tsx"));
const Endpoints = lazy(() => import("./pages/endpoints.tsx"));
const Endpoint = lazy(() => import("./pages/endpoint.tsx"));
const Holds = lazy(() => import("./pages/holds.tsx"));
const Topics = lazy(() => import("./pages/topics.tsx"));
const Topic = lazy(() => import("./pages/topic.tsx"));
const Apps = lazy(() => import("./pages/apps.tsx"));
const App_ = lazy(() => import("./pages/app-page.tsx"));
const Shops = lazy(() => import("./pages/shops.tsx"));
const Installations = lazy(() => import("./pages/installations.tsx"));
const Keys = lazy(() => import("./pages/keys.tsx"));
const Audit = lazy(() => import("./pages/audit.tsx"));

/** Asks who is signed in; then the pages, or the way in. */
export function App() {
  const queries = useQueryClient();
  const [hasEnded, setEnded] = useState(false);
  const session = useQuery({ queryKey: ["session"], queryFn: readSession, staleTime: Number.POSITIVE_INFINITY });
  useEffect(() => {
    whenSignedOut(() => {
      if (queries.getQueryData<PortalSession | null>(["session"]) !== null) setEnded(true);
      changeSession(queries, null);
    });
  }, [queries]);
  if (session.isPending) return null;
  if (session.isError) {
    return (
      <main className="sign-in">
        <Failed error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  if (session.data === null) {
    return (
      <SignIn
        hasEnded={hasEnded}
        onSignedIn={(made) => {
          setEnded(false);
          changeSession(queries, made);
        }}
      />
    );
  }
  return (
    <SessionContext value={session.data}>
      <Shell>
        <Pages />
      </Shell>
    </SessionContext>
  );
}

function Pages() {
  const [location] = useLocation();
  return (
    <Guard key={location}>
      <Suspense fallback={<Lines />}>
        <Switch>
          <Route path="/" component={Overview} />
          <Route path="/deliveries" component={Deliveries} />
          <Route path="/deliveries/:id">{({ id }) => <Delivery id={id} />}</Route>
          <Route path="/events/:id">{({ id }) => <Event id={id} />}</Route>
          <Route path="/replays" component={Replays} />
          <Route path="/webhooks" component={Webhooks} />
          <Route path="/webhooks/:id">{({ id }) => <Webhook id={id} />}</Route>
          <Route path="/endpoints" component={Endpoints} />
          <Route path="/endpoints/:id">{({ id }) => <Endpoint id={id} />}</Route>
          <Route path="/holds" component={Holds} />
          <Route path="/topics" component={Topics} />
          <Route path="/topics/:name">{({ name }) => <Topic name={decodeURIComponent(name)} />}</Route>
          <Route path="/apps" component={Apps} />
          <Route path="/apps/:clientId">{({ clientId }) => <App_ clientId={clientId} />}</Route>
          <Route path="/shops" component={Shops} />
          <Route path="/installations" component={Installations} />
          <Route path="/keys" component={Keys} />
          <Route path="/audit" component={Audit} />
          <Route>
            <Page title={words.states.missing}>{words.states.missingLead}</Page>
          </Route>
        </Switch>
      </Suspense>
    </Guard>
  );
}

/** A page that fails takes nothing else with it. */
class Guard extends Component<{ readonly children: ReactNode }, { readonly error: Error | null }> {
  override state: { readonly error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return <Failed error={this.state.error} onRetry={() => this.setState({ error: null })} />;
  }
}
