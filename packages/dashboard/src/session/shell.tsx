import { Burger, Button, Drawer, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { formatList } from "../format.ts";
import { Icon } from "../parts/icons.tsx";
import { words } from "../words.ts";
import { Time } from "../parts/time.tsx";
import { BrandMark } from "./brand-mark.tsx";
import { signOut } from "./client.ts";
import { changeSession, PortalContext, useIsOperator, useOnlyShop, useSession } from "./session-context.ts";

type PageName = Exclude<keyof typeof words.nav, "label" | "open" | "close" | "groups" | "apiReference">;

interface PageGroup {
  readonly name: keyof typeof words.nav.groups | null;
  readonly pages: readonly PageName[];
}

const FOR_OPERATORS: readonly PageGroup[] = [
  { name: null, pages: ["overview"] },
  { name: "traffic", pages: ["deliveries", "webhooks", "endpoints", "blocked-keys", "replays", "holds"] },
  { name: "directory", pages: ["topics", "apps", "shops", "installations"] },
  { name: "administration", pages: ["keys", "links", "audit"] },
];
const FOR_DEVELOPERS: readonly PageGroup[] = [
  { name: null, pages: ["overview"] },
  { name: "traffic", pages: ["deliveries", "webhooks", "endpoints", "blocked-keys", "replays"] },
  { name: "build", pages: ["topics", "secrets"] },
];

/** Where one can go; secrets hold for all shops, so who sees one has no page of them. */
function usePageGroups(): readonly PageGroup[] {
  const isOperator = useIsOperator();
  const isNarrowed = useOnlyShop() !== null;
  if (isOperator) return FOR_OPERATORS;
  return FOR_DEVELOPERS.map(({ name, pages }) => ({ name, pages: pages.filter((page) => !(isNarrowed && page === "secrets")) }));
}

/** What stands around every page: where one can go, who is signed in. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { brand } = useContext(PortalContext);
  const [isOpen, setOpen] = useState(false);
  const [location] = useLocation();
  const content = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    setOpen(false);
    // Who reads the page aloud, or goes by keyboard, goes on at the new page's beginning.
    if (!isFirst.current) content.current?.focus({ preventScroll: true });
    isFirst.current = false;
    window.scrollTo(0, 0);
  }, [location]);
  return (
    <>
      <a className="skip" href="#content">
        {words.skipToContent}
      </a>
      <header className="top">
        <Brand />
        <Burger size="sm" opened={isOpen} onClick={() => setOpen(true)} aria-label={words.nav.open} />
      </header>
      <Drawer
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={brand.name}
        size={280}
        closeButtonProps={{ "aria-label": words.nav.close }}
      >
        <Navigation />
      </Drawer>
      <div className="shell">
        <aside className="side" aria-label={brand.name}>
          <Brand />
          <Navigation />
        </aside>
        <main className="main" id="content" ref={content} tabIndex={-1}>
          {children}
        </main>
      </div>
    </>
  );
}

function Brand() {
  const { brand } = useContext(PortalContext);
  return (
    <Link href="/" className="brand">
      <BrandMark />
      <span className="cut">{brand.name}</span>
    </Link>
  );
}

function Navigation() {
  return (
    <>
      <GoTo />
      <nav aria-label={words.nav.label}>
        {usePageGroups().map(({ name, pages }) => (
          <div key={name ?? ""}>
            {name === null ? null : <p className="nav-heading">{words.nav.groups[name]}</p>}
            <ul className="nav-group">
              {pages.map((page) => (
                <NavigationLink key={page} page={page} />
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <WhoIsIn />
    </>
  );
}

function NavigationLink({ page }: { readonly page: PageName }) {
  const [location] = useLocation();
  const href = page === "overview" ? "/" : `/${page}`;
  const isHere = href === "/" ? location === "/" : location === href || location.startsWith(`${href}/`);
  return (
    <li>
      <Link href={href} className="nav-link" {...(isHere ? { "aria-current": "page" as const } : {})}>
        <Icon name={page} />
        {words.nav[page]}
      </Link>
    </li>
  );
}

function WhoIsIn() {
  const session = useSession();
  const { ways } = useContext(PortalContext);
  const queries = useQueryClient();
  const leave = async (): Promise<void> => {
    await signOut();
    changeSession(queries, null);
  };
  return (
    <div className="side-foot">
      <div>
        <div className="cut" title={session.name}>
          {session.name}
        </div>
        <WhatIsAllowed />
      </div>
      <Button size="compact-sm" variant="default" onClick={() => void leave()}>
        {words.signIn.out}
      </Button>
      {ways.includes("operator") ? (
        <a href="/docs" target="_blank" rel="noopener">
          {words.nav.apiReference}
        </a>
      ) : null}
      {session.version === "" ? null : (
        <span className="quiet">
          {words.product} {session.version}
        </span>
      )}
    </div>
  );
}

/** An operator's role; a developer's shop, what is allowed, and for how long. */
function WhatIsAllowed() {
  const { role, app, expiresAt } = useSession();
  if (app === undefined) return <div className="quiet">{role === "admin" ? role : words.signIn.readOnly}</div>;
  return (
    <div className="quiet">
      <div className="cut" title={app.shop ?? ""}>
        {app.shop ?? words.access.allShops}
      </div>
      <div>{formatList(app.can.map((each) => words.access.can[each]))}</div>
      <div>
        {words.access.until} <Time at={expiresAt} />
      </div>
    </div>
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DELIVERY = /^dlv_\w+$/;

/** Paste an id from a log or a letter, and be there. */
function GoTo() {
  const [, navigate] = useLocation();
  const [text, setText] = useState("");
  const [isUnknown, setUnknown] = useState(false);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const id = text.trim();
        const path = UUID.test(id)
          ? `/events/${id}`
          : DELIVERY.test(id)
            ? `/deliveries/${id}`
            : /^\d+$/.test(id)
              ? `/webhooks/${id}`
              : /^ep_\w+$/.test(id)
                ? `/endpoints/${id}`
                : null;
        setUnknown(path === null && id !== "");
        if (path === null) return;
        setText("");
        navigate(path);
      }}
    >
      <TextInput
        size="sm"
        aria-label={words.goTo.label}
        placeholder={words.goTo.placeholder}
        value={text}
        error={isUnknown ? words.goTo.nothing : null}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setUnknown(false);
        }}
      />
    </form>
  );
}
