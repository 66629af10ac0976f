import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { PortalState } from "@genhook/contract/client";
import { Component, lazy, Suspense, useEffect, useState, type ReactNode } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Failed, Lines } from "./parts/states.tsx";
import { Page } from "./parts/page.tsx";
import { readState, whenSignedOut } from "./session/client.ts";
import { openedLink } from "./session/link.ts";
import { LinkEnded } from "./session/link-ended.tsx";
import { changeSession, PortalContext, SessionContext, useIsOperator } from "./session/session-context.ts";
import { Shell } from "./session/shell.tsx";
import { SignIn } from "./session/sign-in.tsx";
import { words } from "./words.ts";

const Overview = lazy(() => import("./pages/overview.tsx"));
const Deliveries = lazy(() => import("./pages/deliveries.tsx"));
const Delivery = lazy(() => import("./pages/delivery.tsx"));
const Event = lazy(() => import("./pages/event.tsx"));
const BlockedKeys = lazy(() => import("./pages/blocked-keys.tsx"));
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
const Links = lazy(() => import("./pages/links.tsx"));
const OwnEvent = lazy(() => import("./pages/own-event.tsx"));
const OwnSecrets = lazy(() => import("./pages/own-secrets.tsx"));

/** Asks who is signed in; then the pages, or the way in. */
export function App() {
  const queries = useQueryClient();
  const [hasEnded, setEnded] = useState(false);
  const state = useQuery({
    queryKey: ["session"],
    queryFn: readState,
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    whenSignedOut(() => {
      if ((queries.getQueryData<PortalState>(["session"])?.session ?? null) !== null) setEnded(true);
      changeSession(queries, null);
    });
  }, [queries]);
  if (state.isPending) return null;
  if (state.isError) {
    return (
      <main className="sign-in">
        <Failed error={state.error} onRetry={() => void state.refetch()} />
      </main>
    );
  }
  const { session, ...portal } = state.data;
  return (
    <PortalContext value={portal}>
      {session === null ? (
        openedLink === null ? (
          <SignIn
            hasEnded={hasEnded}
            onSignedIn={(made) => {
              setEnded(false);
              changeSession(queries, made);
            }}
          />
        ) : (
          <LinkEnded />
        )
      ) : (
        <SessionContext value={session}>
          <Shell>
            <Pages />
          </Shell>
        </SessionContext>
      )}
    </PortalContext>
  );
}

function Pages() {
  const [location] = useLocation();
  return (
    <Guard key={location}>
      <Suspense fallback={<Lines />}>{useIsOperator() ? <OperatorPages /> : <DeveloperPages />}</Suspense>
    </Guard>
  );
}

/** Pages that both have: of an app's developer they show what is the app's. */
const SHARED = [
  <Route key="/" path="/" component={Overview} />,
  <Route key="/deliveries" path="/deliveries" component={Deliveries} />,
  <Route key="/deliveries/" path="/deliveries/:id">
    {({ id }) => <Delivery id={id} />}
  </Route>,
  <Route key="/blocked-keys" path="/blocked-keys" component={BlockedKeys} />,
  <Route key="/replays" path="/replays" component={Replays} />,
  <Route key="/webhooks" path="/webhooks" component={Webhooks} />,
  <Route key="/webhooks/" path="/webhooks/:id">
    {({ id }) => <Webhook id={id} />}
  </Route>,
  <Route key="/endpoints" path="/endpoints" component={Endpoints} />,
  <Route key="/endpoints/" path="/endpoints/:id">
    {({ id }) => <Endpoint id={id} />}
  </Route>,
  <Route key="/topics" path="/topics" component={Topics} />,
  <Route key="/topics/" path="/topics/:name">
    {({ name }) => <Topic name={decodeURIComponent(name)} />}
  </Route>,
];

function OperatorPages() {
  return (
    <Switch>
      {SHARED}
      <Route path="/events/:id">{({ id }) => <Event id={id} />}</Route>
      <Route path="/holds" component={Holds} />
      <Route path="/apps" component={Apps} />
      <Route path="/apps/:clientId">{({ clientId }) => <App_ clientId={clientId} />}</Route>
      <Route path="/shops" component={Shops} />
      <Route path="/installations" component={Installations} />
      <Route path="/links" component={Links} />
      <Route path="/keys" component={Keys} />
      <Route path="/audit" component={Audit} />
      <Route component={NotHere} />
    </Switch>
  );
}

function DeveloperPages() {
  return (
    <Switch>
      {SHARED}
      <Route path="/events/:id">{({ id }) => <OwnEvent id={id} />}</Route>
      <Route path="/secrets" component={OwnSecrets} />
      <Route component={NotHere} />
    </Switch>
  );
}

function NotHere() {
  return <Page title={words.states.missing}>{words.states.missingLead}</Page>;
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
