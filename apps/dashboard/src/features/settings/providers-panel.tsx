import type { ModelProviders } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Badge } from '../../shared/ui/badge.tsx';
import { ErrorState, Loading } from '../../shared/ui/states.tsx';
import { type Column, RowsTable } from './rows-table.tsx';
import { providersQuery } from './settings-queries.ts';

type Provider = ModelProviders['providers'][number];
type Model = ModelProviders['models'][number];

const NAMES: Readonly<Record<string, string>> = {
  anthropic: 'Anthropic',
  openai: 'OpenAI',
  compatible: 'A service with OpenAI’s interface',
};

const PROVIDERS: readonly Column<Provider>[] = [
  {
    header: 'Provider',
    cell: ({ provider, reason }) => (
      <>
        <strong>{NAMES[provider] ?? provider}</strong> <Why reason={reason} />
      </>
    ),
  },
  { header: 'Set up', cell: ({ configured }) => <YesNo is={configured} /> },
];

const MODELS: readonly Column<Model>[] = [
  {
    header: 'Asked by',
    cell: ({ used_for: use, setting, reason }) => (
      <>
        {use} <code className="muted">{setting}</code> <Why reason={reason} />
      </>
    ),
  },
  { header: 'Model', cell: ({ model }) => (model === null ? <span className="muted">None</span> : <code>{model}</code>) },
  { header: 'Usable', cell: ({ usable }) => <YesNo is={usable} /> },
];

/** Which providers of models the server is set up for, and which models it asks. */
export function ProvidersPanel(): ReactElement {
  const { data, error, refetch } = useQuery(providersQuery);
  if (data === undefined)
    return error === null ? <Loading label="Loading the providers" /> : <ErrorState error={error} retry={() => void refetch()} />;
  return (
    <>
      <section className="settings-section">
        <h2>Providers of models</h2>
        <p className="muted measure">
          What needs no model works without any of them: learning from examples, evaluating, serving. Keys are set where the
          server is started and never shown; whether a key is good is seen at the first call.
        </p>
        <RowsTable label="Providers of models" rows={data.providers} rowKey={({ provider }) => provider} columns={PROVIDERS} />
      </section>
      <section className="settings-section">
        <h2>Models</h2>
        <RowsTable label="Models" rows={data.models} rowKey={({ setting }) => setting} columns={MODELS} />
      </section>
    </>
  );
}

function Why({ reason }: { reason: string | null }): ReactElement | null {
  return reason === null ? null : <span className="field-hint settings-value">{reason}</span>;
}

function YesNo({ is }: { is: boolean }): ReactElement {
  return (
    <Badge tone={is ? 'good' : 'neutral'} icon={is ? 'check' : 'circle'}>
      {is ? 'Yes' : 'No'}
    </Badge>
  );
}
