import { ApiError } from "@genhook/contract/client";
import { Alert, Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { words } from "../words.ts";

/** Nothing to show, and what to do about it. */
export function Empty({ title, lead, children }: { readonly title: string; readonly lead?: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {lead === undefined ? null : <p>{lead}</p>}
      {children}
    </div>
  );
}

/** An error in words: of something that was looked for, with a way to try again, or of something that was done. What is not there is said as such. */
export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  if (error instanceof ApiError && error.status === 404) {
    return (
      <div className="panel">
        <Empty title={words.states.missing} lead={words.states.missingLead}>
          <Link href="/">{words.states.backToOverview}</Link>
        </Empty>
      </div>
    );
  }
  return (
    <Alert color="red" title={onRetry === undefined ? words.states.refused : words.states.failed} role="alert">
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {error instanceof ApiError && error.requestId !== null ? <p className="quiet">{words.states.requestId(error.requestId)}</p> : null}
      {onRetry === undefined ? null : (
        <Button size="xs" variant="default" mt="xs" onClick={onRetry}>
          {words.states.again}
        </Button>
      )}
    </Alert>
  );
}

/** Holds the place of lines that are about to come. */
export function Lines({ count = 6 }: { readonly count?: number }) {
  return (
    <div className="panel-body" aria-busy="true" aria-label={words.states.loading} role="status">
      {Array.from({ length: count }, (_, index) => (
        <Skeleton key={index} height={18} mb={14} radius="sm" />
      ))}
    </div>
  );
}
