import { type SignInMethods, messageOf, openedSessionSchema, signInMethodsSchema } from '@loopwright/protocol';
import { Client } from '@loopwright/client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactElement, useState } from 'react';
import { BASE_URL, api, serverUrl, setCsrfToken } from '../shared/api/api.ts';
import { Button } from '../shared/ui/button.tsx';
import { TextField } from '../shared/ui/field.tsx';
import { ErrorState } from '../shared/ui/states.tsx';

/** The page of whoever is not signed in: with an API key, or at the identity provider. */
export function SignIn({ onDone }: { onDone: () => void }): ReactElement {
  const methods = useQuery({
    queryKey: ['sign-in-methods'],
    queryFn: () => api.call({ method: 'GET', path: '/auth/methods', answer: signInMethodsSchema }),
  });
  return (
    <main className="alone">
      <div className="card sign-in stack">
        <h1>Sign in to Loopwright</h1>
        {methods.error === null ? null : <ErrorState error={methods.error} retry={() => void methods.refetch()} />}
        {methods.data?.oidc === null || methods.data === undefined ? null : <ProviderLink oidc={methods.data.oidc} />}
        <KeyForm onDone={onDone} />
        <p className="muted">
          A key is made with <code>loopwright admin create-key</code>. It opens a session of this browser and is not kept here.
        </p>
      </div>
    </main>
  );
}

function ProviderLink({ oidc }: { oidc: NonNullable<SignInMethods['oidc']> }): ReactElement {
  const back = encodeURIComponent(location.pathname + location.search);
  return (
    <a className="button button-primary" href={serverUrl(`/auth/login?return_to=${back}`)}>
      Sign in at {new URL(oidc.issuer).host}
    </a>
  );
}

function KeyForm({ onDone }: { onDone: () => void }): ReactElement {
  const [key, setKey] = useState('');
  const open = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      new Client({ baseUrl: BASE_URL, apiKey: key.trim() }).call({
        method: 'POST',
        path: '/auth/session',
        answer: openedSessionSchema,
      }),
    onSuccess: ({ csrf_token }) => {
      setCsrfToken(csrf_token);
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    open.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <TextField
        label="API key"
        type="password"
        autoComplete="current-password"
        required
        value={key}
        error={open.error === null ? undefined : messageOf(open.error)}
        onChange={({ target }) => setKey(target.value)}
      />
      <Button type="submit" look="primary" disabled={open.isPending || key.trim() === ''}>
        Sign in with the key
      </Button>
    </form>
  );
}
