import { type SignInMethods, messageOf, openedSessionSchema, signInMethodsSchema } from '@loopwright/protocol';
import { Client } from '@loopwright/client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactElement, useState } from 'react';
import { BASE_PATH, BASE_URL, api, serverUrl, setCsrfToken } from '../shared/api/api.ts';
import { Button } from '../shared/ui/button.tsx';
import { TextField } from '../shared/ui/field.tsx';
import { Icon } from '../shared/ui/icon.tsx';
import { ErrorState } from '../shared/ui/states.tsx';
import { type SignInSearch, signInSearchSchema } from './sign-in-search.ts';

/** Why somebody who was at the identity provider is here again. */
const PROBLEMS: Readonly<Record<NonNullable<SignInSearch['problem']>, string>> = {
  refused:
    'You are not signed in: the identity provider did not say who you are, or it took too long. Try again, or ask who runs it to let you in.',
  unavailable: 'You are not signed in: the identity provider cannot be reached. Try again in a moment, or use a key.',
  not_configured: 'No identity provider is set up here: use a key.',
};

/** The page of whoever is not signed in: with an API key, or at the identity provider. */
export function SignIn({ onDone }: { onDone: () => void }): ReactElement {
  const methods = useQuery({
    queryKey: ['sign-in-methods'],
    queryFn: () => api.call({ method: 'GET', path: '/auth/methods', answer: signInMethodsSchema }),
  });
  const { problem } = searchOfPage();
  return (
    <main className="alone">
      <div className="card sign-in stack">
        <h1>Sign in to Loopwright</h1>
        {problem === undefined ? null : (
          <p className="notice notice-warn" role="alert">
            <Icon name="warning" />
            {PROBLEMS[problem]}
          </p>
        )}
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
  const { return_to: back = isSignInPage() ? `${BASE_PATH}/` : location.pathname + location.search + location.hash } =
    searchOfPage();
  return (
    <a className="button button-primary" href={serverUrl(`/auth/login?return_to=${encodeURIComponent(back)}`)}>
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
        onText={setKey}
      />
      <Button type="submit" look="primary" disabled={open.isPending || key.trim() === ''}>
        Sign in with the key
      </Button>
    </form>
  );
}

/** Every page asks to sign in where somebody is needed; this one says besides why that did not work before. */
function isSignInPage(): boolean {
  return location.pathname.endsWith('/sign-in');
}

function searchOfPage(): SignInSearch {
  return isSignInPage() ? signInSearchSchema.parse(Object.fromEntries(new URLSearchParams(location.search))) : {};
}
