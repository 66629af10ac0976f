import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { Entry, PagedName } from "@genhook/contract/client";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { readPage } from "../session/client.ts";
import { useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";
import { Empty, Failed, Lines } from "./states.tsx";

export interface Column<One> {
  readonly head: string;
  readonly isNumber?: boolean;
  /** Takes what room the others leave, and is cut there (`cut`). */
  readonly isLong?: boolean;
  /** Says nothing to an app's developer: it is always their own. */
  readonly isForOperators?: boolean;
  /** Where it stands on a phone, in a list that is brief there: the line, and the end of it. Null: nowhere. */
  readonly phone?: PhonePlace | null;
  readonly cell: (entry: One) => ReactNode;
}

/** `2` is a line of its own, `2-start` and `2-end` share one. */
export type PhonePlace = "1-start" | "1-end" | "2" | "2-start" | "2-end" | "3" | "3-start" | "3-end" | "4-start" | "4-end";

export interface RowsProps<One> {
  readonly name: string;
  readonly entries: readonly One[];
  readonly columns: readonly Column<One>[];
  readonly keyOf: (entry: One) => string;
  /** Where a row leads; its first cell is the link. */
  readonly href?: (entry: One) => string;
  /** A row's second line, over its whole width. */
  readonly below?: (entry: One) => ReactNode;
}

/** Entries as a table; on a phone as one block each: a line for each column, or brief, in a few lines without names, where columns say their places. */
export function Rows<One>({ name, entries, columns: all, keyOf, href, below }: RowsProps<One>) {
  const isOperator = useIsOperator();
  const columns = isOperator ? all : all.filter((column) => column.isForOperators !== true);
  return (
    <table className={columns.some(({ phone }) => phone !== undefined) ? "list stacks brief" : "list stacks"} aria-label={name}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.head} scope="col" className={column.isNumber === true ? "number" : undefined}>
              {column.head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <Row key={keyOf(entry)} entry={entry} columns={columns} href={href} below={below} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps<One> {
  readonly entry: One;
  readonly columns: readonly Column<One>[];
  readonly href: ((entry: One) => string) | undefined;
  readonly below: ((entry: One) => ReactNode) | undefined;
}

function Row<One>({ entry, columns, href, below }: RowProps<One>) {
  const more = below?.(entry) ?? null;
  return (
    <>
      <tr className={href === undefined ? undefined : "opens"}>
        {columns.map((column, index) => {
          const content = column.cell(entry);
          const className = [
            ...(index === 0 ? ["first"] : []),
            ...(column.isNumber === true ? ["number"] : []),
            ...(column.isLong === true ? ["long"] : []),
            ...(column.phone === undefined ? [] : [column.phone === null ? "not-on-phone" : `at-${column.phone}`]),
          ].join(" ");
          return (
            <td key={column.head} data-label={column.head} className={className}>
              {index === 0 && href !== undefined ? (
                <Link href={href(entry)} className="row-link">
                  {content}
                </Link>
              ) : (
                <div>{content}</div>
              )}
            </td>
          );
        })}
      </tr>
      {more === null ? null : (
        <tr>
          <td colSpan={columns.length}>{more}</td>
        </tr>
      )}
    </>
  );
}

export interface EntryListProps<Name extends PagedName> extends Omit<RowsProps<Entry<Name>>, "entries"> {
  readonly operation: Name;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly empty: { readonly title: string; readonly lead?: string };
  /** Looks for new entries so often, ms; as long as only the first page is shown. */
  readonly refreshMs?: number | false;
  readonly limit?: number;
  /** False: the first page is all that is wanted. */
  readonly isWhole?: boolean;
}

const LIMIT = 50;

/** A list of the API, page by page. */
export function EntryList<Name extends PagedName>(props: EntryListProps<Name>) {
  const { operation, query = {}, empty, refreshMs = false, limit = LIMIT, isWhole = true, ...rows } = props;
  const list = useInfiniteQuery({
    queryKey: [operation, query, limit],
    queryFn: ({ pageParam, signal }) =>
      readPage(operation, pageParam === null ? { limit, ...query } : { limit, pageToken: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    refetchInterval: (state) => ((state.state.data?.pages.length ?? 1) > 1 ? false : refreshMs),
  });
  if (list.isPending) return <Lines />;
  if (list.data === undefined) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  const entries = list.data.pages.flatMap((page) => page.entries);
  if (entries.length === 0) {
    if (!list.hasNextPage) return <Empty {...empty} />;
    // A filter that fits little: the server looks through so many at a time, and says where to go on.
    return (
      <Empty title={words.states.notYet} lead={words.states.notYetLead}>
        <Button variant="default" size="xs" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {words.states.lookFurther}
        </Button>
      </Empty>
    );
  }
  return (
    <>
      {list.isError ? <Failed error={list.error} onRetry={() => void list.refetch()} /> : null}
      <div className="list-wrap">
        <Rows {...rows} entries={entries} />
      </div>
      {!isWhole ? null : list.hasNextPage ? (
        <div className="list-foot">
          <Button variant="default" size="xs" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {words.states.more}
          </Button>
        </div>
      ) : entries.length >= LIMIT ? (
        <div className="list-foot">{words.states.end}</div>
      ) : null}
    </>
  );
}
