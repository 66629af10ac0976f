import { useContext, useEffect, type ReactNode } from "react";
import { Link } from "wouter";
import { PortalContext } from "../session/session-context.ts";

export interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  /** Where this page belongs, where it is about one thing of many. */
  readonly parent?: { readonly href: string; readonly name: string };
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** What every page has: a heading, what it is about, and what can be done. */
export function Page({ title, lead, parent, actions, children }: PageProps) {
  const { brand } = useContext(PortalContext);
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand.name]);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          {parent === undefined ? null : (
            <Link href={parent.href} className="crumb">
              {parent.name}
            </Link>
          )}
          <h1>{title}</h1>
          {lead === undefined ? null : <p>{lead}</p>}
        </div>
        {actions === undefined ? null : <div className="page-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

export interface PanelProps {
  readonly title: string;
  readonly lead?: string | undefined;
  readonly actions?: ReactNode;
  /** Without room around, for lists. */
  readonly isFlush?: boolean;
  readonly children: ReactNode;
}

export function Panel({ title, lead, actions, isFlush = false, children }: PanelProps) {
  return (
    <section className="panel" aria-label={title}>
      <div className="panel-head">
        <div>
          <h2>{title}</h2>
          {lead === undefined ? null : <p>{lead}</p>}
        </div>
        {actions}
      </div>
      {isFlush ? children : <div className="panel-body">{children}</div>}
    </section>
  );
}

/** A domain that may be broken behind its first part, and nowhere within a word. */
export function Domain({ name }: { readonly name: string }) {
  const [first = "", ...rest] = name.split(".");
  if (rest.length === 0) return first;
  return (
    <>
      {first}.<wbr />
      {rest.join(".")}
    </>
  );
}

/** Names with values. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className="facts">{children}</dl>;
}

export function Fact({
  name,
  isWide = false,
  children,
}: {
  readonly name: string;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className={isWide ? "wide" : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
