import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { serverUrl } from '../../shared/api/api.ts';
import { countText } from '../../shared/time/format.ts';
import { Button } from '../../shared/ui/button.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { openapiQuery } from './api-docs-queries.ts';
import type { ApiDocsSearch } from './api-docs-search.ts';
import { OperationItem } from './operation-item.tsx';
import { type OpenapiDocument, type Operation, found, operationsOf } from './openapi.ts';
import './api-docs.css';

const route = getRouteApi('/api-docs');

/** `/api-docs`: all that programs can ask of the server, from its own document. */
export function ApiDocsPage(): ReactElement {
  const { data, error, isPending, refetch } = useQuery(openapiQuery);
  return (
    <div className="page">
      <div className="page-head">
        <h1>API</h1>
        <span className="grow" />
        <a href={serverUrl('/openapi.json')}>OpenAPI document</a>
        <a href={serverUrl('/docs/')}>Swagger UI</a>
      </div>
      <p className="muted measure">
        Programs prove who they are by <code>authorization: Bearer</code> with an API key of the settings or a token of an issuer.
        Every POST takes an <code>idempotency-key</code>, so that it can be sent again. Every error has a code, what it means and
        how to mend it.
      </p>
      {isPending ? <Loading label="Loading the API's document" lines={10} /> : null}
      {error === null ? null : <ErrorState error={error} retry={() => void refetch()} />}
      {data === undefined ? null : <Operations document={data} />}
    </div>
  );
}

function Operations({ document }: { document: OpenapiDocument }): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const all = useMemo(() => operationsOf(document), [document]);
  const groups = useMemo(() => [...new Set(all.map(({ group }) => group))], [all]);
  const [typed, setTyped] = useState(search.q ?? '');
  const go = (next: Partial<ApiDocsSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true, resetScroll: false });
  const look = (text: string): void => {
    setTyped(text);
    go({ q: text.trim() === '' ? undefined : text.trim() });
  };
  const shown = found(all, search);
  return (
    <>
      <search className="api-docs-filters" aria-label="Filter the operations">
        <TextField
          label="Find"
          type="search"
          maxLength={200}
          placeholder="A path, a word, a permission  ( / )"
          value={typed}
          onText={look}
        />
        <SelectField label="Group" value={search.group ?? ''} onText={(group) => go({ group: group === '' ? undefined : group })}>
          <option value="">All groups</option>
          {groups.map((group) => (
            <option key={group}>{group}</option>
          ))}
        </SelectField>
        <span className="muted numeric" role="status">
          {countText(shown.length)} of {countText(all.length)} operations
        </span>
      </search>
      {shown.length === 0 ? (
        <EmptyState
          title="No operation is like that"
          action={
            <Button
              onClick={() => {
                look('');
                go({ q: undefined, group: undefined });
              }}
            >
              Show all operations
            </Button>
          }
        >
          Every word has to stand in its path, its name, what it does or what it needs.
        </EmptyState>
      ) : null}
      {groups.map((group) => (
        <Group key={group} name={group} operations={shown.filter((one) => one.group === group)}>
          {(one) => (
            <OperationItem
              key={one.id}
              operation={one}
              named={document.components.schemas}
              isOpen={search.operation === one.id}
              onToggle={(isOpen) => go({ operation: isOpen ? one.id : undefined })}
            />
          )}
        </Group>
      ))}
    </>
  );
}

function Group({
  name,
  operations,
  children,
}: {
  name: string;
  operations: readonly Operation[];
  children: (operation: Operation) => ReactElement;
}): ReactElement | null {
  if (operations.length === 0) return null;
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  return (
    <section className="api-docs-group" aria-label={title}>
      <h2>
        {title} <span className="muted numeric">{countText(operations.length)}</span>
      </h2>
      <ul className="api-docs-list">{operations.map(children)}</ul>
    </section>
  );
}
