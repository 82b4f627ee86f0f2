import { type ApiKey, type Session, sessionSchema, systemClock } from '@loopwright/protocol';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, Suspense, lazy, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { Time } from '../../shared/time/time.tsx';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { EmptyState } from '../../shared/ui/states.tsx';
import { showToast } from '../../shared/ui/toasts.tsx';
import { ListTable } from './list-table.tsx';
import type { Column } from './rows-table.tsx';
import { SecretNotice } from './secret-notice.tsx';
import { apiKeysQuery, sessionsQuery } from './settings-queries.ts';

const dialogs = () => import('./key-dialogs.tsx');
const NewKeyDialog = lazy(async () => ({ default: (await dialogs()).NewKeyDialog }));
const RotateKeyDialog = lazy(async () => ({ default: (await dialogs()).RotateKeyDialog }));
const RevokeKeyDialog = lazy(async () => ({ default: (await dialogs()).RevokeKeyDialog }));

type Open = { readonly what: 'new' } | { readonly what: 'rotate' | 'revoke'; readonly apiKey: ApiKey };

/** API keys, and the sessions of one's own browsers. */
export function KeysPanel(): ReactElement {
  const keys = useInfiniteQuery(apiKeysQuery);
  const [open, setOpen] = useState<Open>();
  const [secret, setSecret] = useState<{ name: string; secret: string }>();
  const close = (): void => setOpen(undefined);
  const begin = (next: Open): void => {
    setSecret(undefined);
    setOpen(next);
  };
  return (
    <>
      <section className="settings-section">
        <div className="row">
          <h2>API keys</h2>
          <Button icon="plus" onClick={() => begin({ what: 'new' })}>
            New key
          </Button>
        </div>
        {secret === undefined ? null : <SecretNotice secret={secret.secret} label={`the key "${secret.name}"`} />}
        <ListTable
          label="API keys"
          query={keys}
          rowsOf={({ api_keys: rows }) => rows}
          rowKey={({ key_id }) => key_id}
          columns={keyColumns(begin)}
          empty={
            <EmptyState title="There are no API keys">
              A key lets a program do what you may, or less of it. Off the machine of the server, it is also how people sign in.
            </EmptyState>
          }
        />
      </section>
      <Sessions />
      <Suspense>
        {open?.what === 'new' ? <NewKeyDialog onClose={close} onSecret={setSecret} /> : null}
        {open?.what === 'rotate' ? <RotateKeyDialog apiKey={open.apiKey} onClose={close} onSecret={setSecret} /> : null}
        {open?.what === 'revoke' ? <RevokeKeyDialog apiKey={open.apiKey} onClose={close} /> : null}
      </Suspense>
    </>
  );
}

function KeyState({ revoked_at: revoked, expires_at: expires }: ApiKey): ReactElement {
  if (revoked !== null) return <Badge>Revoked</Badge>;
  if (expires !== null && Date.parse(expires) <= systemClock.now()) return <Badge tone="warn">Expired</Badge>;
  return <Badge tone="good">Good</Badge>;
}

const keyColumns = (begin: (open: Open) => void): readonly Column<ApiKey>[] => [
  { header: 'Name', cell: ({ name }) => <strong>{name}</strong> },
  { header: 'Whose', cell: ({ user_id }) => user_id },
  { header: 'State', cell: KeyState },
  {
    header: 'May',
    isWide: true,
    cell: ({ role, scopes, projects }) => (
      <span className="muted">
        {role ?? 'what its owner may'}
        {scopes === null ? '' : `, only ${scopes.join(', ')}`}
        {projects === null ? '' : `, only in ${projects.join(', ')}`}
      </span>
    ),
  },
  { header: 'Last used', isWide: true, cell: ({ last_used_at: at }) => (at === null ? 'Never' : <Time at={at} />) },
  { header: 'Expires', isWide: true, cell: ({ expires_at: at }) => (at === null ? 'Never' : <Time at={at} />) },
  {
    header: <span className="visually-hidden">Do</span>,
    cell: (apiKey) =>
      apiKey.revoked_at === null ? (
        <span className="actions">
          <Button small aria-label={`New secret for ${apiKey.name}`} onClick={() => begin({ what: 'rotate', apiKey })}>
            New secret…
          </Button>
          <Button small aria-label={`Revoke ${apiKey.name}`} onClick={() => begin({ what: 'revoke', apiKey })}>
            Revoke…
          </Button>
        </span>
      ) : null,
  },
];

function Sessions(): ReactElement {
  const sessions = useInfiniteQuery(sessionsQuery);
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: ({ session_id: id }: Session) =>
      api.call({ method: 'DELETE', path: `/api/v1/sessions/${encodeURIComponent(id)}`, answer: sessionSchema }),
    onSuccess: () => {
      showToast('The session has ended');
      return queries.invalidateQueries({ queryKey: ['settings', 'sessions'] });
    },
  });
  const columns: readonly Column<Session>[] = [
    { header: 'Opened with', cell: ({ opened_with: how }) => (how === 'oidc' ? 'Identity provider' : 'API key') },
    { header: 'Opened', cell: ({ created_at: at }) => <Time at={at} /> },
    { header: 'Last seen', cell: ({ last_seen_at: at }) => <Time at={at} /> },
    { header: 'From', isWide: true, cell: ({ address }) => address ?? '–' },
    { header: 'Browser', isWide: true, cell: ({ user_agent: agent }) => <span className="truncate">{agent ?? '–'}</span> },
    {
      header: <span className="visually-hidden">Do</span>,
      cell: (session) =>
        session.current ? (
          <Badge tone="info">This one</Badge>
        ) : (
          <Button
            small
            aria-label={`End it: the session of ${session.address ?? 'an unknown address'}`}
            disabled={end.isPending}
            onClick={() => end.mutate(session)}
          >
            End it
          </Button>
        ),
    },
  ];
  return (
    <section className="settings-section">
      <h2>My sessions</h2>
      <ListTable
        label="My sessions"
        query={sessions}
        rowsOf={({ sessions: rows }) => rows}
        rowKey={({ session_id }) => session_id}
        columns={columns}
        empty={
          <EmptyState title="You have no session">
            Sessions begin by signing in with a key or an identity provider; the development identity has none.
          </EmptyState>
        }
      />
    </section>
  );
}
