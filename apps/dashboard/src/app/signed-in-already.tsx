import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { type FormEvent, type ReactElement, useEffect, useState } from 'react';
import { BASE_PATH } from '../shared/api/api.ts';
import { sessionQuery, useSession } from '../shared/api/session.tsx';
import { preferences, setPreferences } from '../shared/preferences/preferences.ts';
import { Button } from '../shared/ui/button.tsx';
import { TextField } from '../shared/ui/field.tsx';

const route = getRouteApi('/sign-in');
/** What the server takes for the name of a user. */
const USER_ID = /^[\w.@+-]{0,200}$/;
const HOME = `${BASE_PATH}/`;

/** Where somebody wanted to go before they were asked to sign in; in development, who one wants to be. */
export function SignedInAlready(): ReactElement | null {
  const { return_to: back } = route.useSearch();
  const { me } = useSession();
  const { history } = useRouter();
  const asks = me.method === 'development' && back === undefined;
  useEffect(() => {
    if (!asks) history.replace(back ?? HOME);
  }, [asks, back, history]);
  return asks ? <DevelopmentIdentity /> : null;
}

/** The server believes in development whoever one says to be; this browser says it with every request from then on. */
function DevelopmentIdentity(): ReactElement {
  const queries = useQueryClient();
  const { history } = useRouter();
  const [name, setName] = useState(preferences().developmentUser);
  const isName = USER_ID.test(name.trim());
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setPreferences({ developmentUser: name.trim() });
    history.push(HOME);
    // What was loaded as somebody is nobody else's.
    await queries.resetQueries({ queryKey: sessionQuery.queryKey });
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  };
  return (
    <div className="page">
      <div className="page-head">
        <h1>Be somebody else</h1>
      </div>
      <form className="card sign-in stack" onSubmit={(event) => void submit(event)}>
        <p>This server was started for development: it believes who one says to be, and listens on this machine only.</p>
        <TextField
          label="User id"
          hint="Empty for the server’s own developer"
          maxLength={200}
          error={isName ? undefined : 'Letters, digits and . _ @ + - only'}
          value={name}
          onChange={({ target }) => setName(target.value)}
        />
        <Button type="submit" look="primary" disabled={!isName}>
          {name.trim() === '' ? 'Be the developer' : `Be ${name.trim()}`}
        </Button>
      </form>
    </div>
  );
}
