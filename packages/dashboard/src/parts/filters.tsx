import { Autocomplete, Button, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { useSearchParams } from "wouter";
import { client } from "../session/client.ts";
import { useIsOperator, useOnlyShop, useSession } from "../session/session-context.ts";
import { words } from "../words.ts";

/** Filters stand in the page's address: a link to it shows the same. */
export function useFilters<Name extends string>(
  names: readonly Name[],
): {
  readonly filters: Partial<Record<Name, string>>;
  readonly set: (name: Name, value: string | null) => void;
  readonly clear: () => void;
} {
  const [parameters, setParameters] = useSearchParams();
  const filters: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = parameters.get(name);
    if (value !== null && value !== "") filters[name] = value;
  }
  const change = (edit: (next: URLSearchParams) => void): void => {
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        edit(next);
        return next;
      },
      { replace: true },
    );
  };
  return {
    filters,
    set: (name, value) => change((next) => (value === null || value === "" ? next.delete(name) : next.set(name, value))),
    clear: () => change((next) => names.forEach((name) => next.delete(name))),
  };
}

interface ToolbarProps {
  /** Those that narrow the list just now. */
  readonly filters: Readonly<Record<string, string>>;
  readonly onClear: () => void;
  readonly children: ReactNode;
}

/** The filters of a list; on a phone behind a button, so that the list is what one sees. */
export function Toolbar({ filters, onClear, children }: ToolbarProps) {
  const [isOpen, setOpen] = useState(false);
  const count = Object.keys(filters).length;
  return (
    <section className={isOpen ? "toolbar" : "toolbar is-closed"} aria-label={words.filters.label}>
      <Button className="filters-opener" variant="default" size="sm" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {words.filters.open(count)}
      </Button>
      {children}
      {count === 0 ? null : (
        <Button className="fit" variant="subtle" size="sm" onClick={onClear}>
          {words.filters.clear}
        </Button>
      )}
    </section>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | null) => void;
  /** Where nothing is chosen: everything, unless said. */
  readonly placeholder?: string;
}

/** Text that counts once it is entered, not with every letter. */
export function TextFilter({ label, value, onChange, placeholder = words.filters.any }: FieldProps) {
  const [text, setText] = useState(value ?? "");
  useEffect(() => setText(value ?? ""), [value]);
  const commit = (): void => {
    if (text.trim() !== (value ?? "")) onChange(text.trim());
  };
  return (
    <TextInput
      size="sm"
      label={label}
      placeholder={placeholder}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
      }}
    />
  );
}

type Choice = { readonly value: string; readonly label: string };

interface ChoiceProps extends FieldProps {
  readonly choices: readonly Choice[];
  /** There may be many: typing narrows them. */
  readonly isSearched?: boolean;
  /** Somebody is about to choose. */
  readonly onWanted?: () => void;
}

const NOTHING_TO_FETCH = (): void => undefined;

export function ChoiceFilter(props: ChoiceProps) {
  const { label, value, onChange, choices, isSearched = false, onWanted = NOTHING_TO_FETCH, placeholder = words.filters.all } = props;
  return (
    <Select
      size="sm"
      label={label}
      placeholder={placeholder}
      value={value ?? null}
      onChange={onChange}
      data={[...choices]}
      onDropdownOpen={onWanted}
      onFocus={onWanted}
      searchable={isSearched}
      clearable
      checkIconPosition="right"
    />
  );
}

/** Text with proposals; what is proposed is not all there may be. */
function ProposedFilter(props: FieldProps & { readonly proposals: readonly string[] }) {
  const { label, value, onChange, proposals, placeholder = words.filters.any } = props;
  const [text, setText] = useState(value ?? "");
  useEffect(() => setText(value ?? ""), [value]);
  const commit = (entered: string): void => {
    if (entered.trim() !== (value ?? "")) onChange(entered.trim());
  };
  return (
    <Autocomplete
      size="sm"
      label={label}
      placeholder={placeholder}
      value={text}
      onChange={setText}
      onOptionSubmit={commit}
      onBlur={() => commit(text)}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit(text);
      }}
      data={[...new Set(proposals)]}
      limit={50}
    />
  );
}

const PROPOSALS_MAX = 250;
const PROPOSALS_KEPT_MS = 60_000;

export function ShopFilter(props: Omit<FieldProps, "label">) {
  const proposals = useShops();
  // There is nothing to choose for who sees one shop.
  return useOnlyShop() === null ? <ProposedFilter label={words.filters.shop} proposals={proposals} {...props} /> : null;
}

/** The first shops by domain: of an app's developer those that it is installed on. */
export function useShops(): readonly string[] {
  const isOperator = useIsOperator();
  const shops = useQuery({
    queryKey: ["proposals", "shops"],
    queryFn: async () => {
      const query = { limit: PROPOSALS_MAX };
      if (isOperator) return (await client.call("listShops", { query })).shops.map(({ domain }) => domain);
      return (await client.call("listInstallations", { query })).installations.map(({ shop }) => shop);
    },
    staleTime: PROPOSALS_KEPT_MS,
  });
  return shops.data ?? [];
}

export function AppFilter(props: Omit<FieldProps, "label">) {
  const isOperator = useIsOperator();
  const apps = useApps().map((app) => ({ value: app.clientId, label: app.name }));
  if (!isOperator) return null;
  return <ChoiceFilter label={words.filters.app} choices={withCurrent(apps, props.value)} isSearched {...props} />;
}

/** The first apps by name: for choosing, and for saying a client id's name. */
export function useApps(): readonly { readonly clientId: string; readonly name: string }[] {
  const { app, name } = useSession();
  const apps = useQuery({
    queryKey: ["proposals", "apps"],
    queryFn: () => client.call("listApps", { query: { limit: PROPOSALS_MAX } }),
    staleTime: PROPOSALS_KEPT_MS,
    enabled: app === undefined,
  });
  return app === undefined ? (apps.data?.apps ?? []) : [{ clientId: app.clientId, name }];
}

export function TopicFilter(props: Omit<FieldProps, "label">) {
  // Topics come with schemas and samples: read once somebody wants to choose.
  const [isWanted, setWanted] = useState(false);
  const topics = useQuery({
    queryKey: ["topics"],
    queryFn: () => client.call("listTopics"),
    staleTime: PROPOSALS_KEPT_MS,
    enabled: isWanted,
  });
  const choices = (topics.data?.topics ?? []).map(({ name }) => ({ value: name, label: name }));
  return (
    <ChoiceFilter
      label={words.filters.topic}
      choices={withCurrent(choices, props.value)}
      isSearched
      onWanted={() => setWanted(true)}
      {...props}
    />
  );
}

/** What is chosen stands among the choices, also where it is not (yet) among those that were read. */
function withCurrent(choices: readonly Choice[], value: string | undefined): Choice[] {
  if (value === undefined || choices.some((choice) => choice.value === value)) return [...choices];
  return [{ value, label: value }, ...choices];
}
