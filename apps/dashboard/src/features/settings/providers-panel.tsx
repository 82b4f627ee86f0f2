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
  { header: 'Provider', cell: ({ provider }) => <strong>{NAMES[provider] ?? provider}</strong> },
  { header: 'State', cell: ({ configured }) => <Usable yes="Set up" no="Not set up" is={configured} /> },
  { header: 'What is missing', cell: ({ reason }) => reason ?? <span className="muted">Nothing</span> },
];

const MODELS: readonly Column<Model>[] = [
  {
    header: 'Asked by',
    cell: ({ used_for: use, setting }) => (
      <>
        {use} <code className="muted">{setting}</code>
      </>
    ),
  },
  { header: 'Model', cell: ({ model }) => (model === null ? <span className="muted">None</span> : <code>{model}</code>) },
  { header: 'State', cell: ({ usable }) => <Usable yes="Can be asked" no="Cannot be asked" is={usable} /> },
  { header: 'Why not', isWide: true, cell: ({ reason }) => reason },
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

function Usable({ is, yes, no }: { is: boolean; yes: string; no: string }): ReactElement {
  return (
    <Badge tone={is ? 'good' : 'neutral'} icon={is ? 'check' : 'circle'}>
      {is ? yes : no}
    </Badge>
  );
}
