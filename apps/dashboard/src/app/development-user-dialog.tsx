import { Client } from '@loopwright/client';
import { meSchema, messageOf, userListSchema } from '@loopwright/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { BASE_URL, api, developmentUser } from '../shared/api/api.ts';
import { useSession } from '../shared/api/session.tsx';
import { setPreferences } from '../shared/preferences/preferences.ts';
import { Button } from '../shared/ui/button.tsx';
import { Dialog } from '../shared/ui/dialog.tsx';
import { TextField } from '../shared/ui/field.tsx';

/** What the server takes for a name in `X-User-Id`. */
const NAME = /^[\w.@+-]{1,200}$/;
/** How many names are offered. */
const OFFERED = 100;

/** Who one is on a server with development identity, and who one wants to be: the server believes what a page on this machine says. */
export function DevelopmentUserDialog({ onClose }: { onClose: () => void }): ReactElement {
  const { me } = useSession();
  const [name, setName] = useState('');
  const { data: known } = useQuery({
    queryKey: ['known-users'],
    queryFn: () => api.call({ method: 'GET', path: `/api/v1/users?limit=${OFFERED}`, answer: userListSchema }),
  });
  const become = useMutation({
    meta: { quiet: true },
    // Asked before it is kept: a name that the server refuses would keep whoever chose it out of every page.
    mutationFn: becomes,
    onSuccess: (_none, wanted) => {
      setPreferences({ developmentUser: wanted });
      // Everything that was loaded, and the connection that tells what is new, are somebody else's.
      location.reload();
    },
  });
  const wanted = name.trim();
  const isWrong = wanted !== '' && !NAME.test(wanted);
  const error = isWrong
    ? 'Letters, digits and . _ @ + - only, at most 200'
    : become.error === null
      ? undefined
      : messageOf(become.error);
  const begin = (): void => {
    if (NAME.test(wanted) && wanted !== me.user_id) become.mutate(wanted);
  };
  return (
    <Dialog
      title="Who are you?"
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Stay {me.user_id}</Button>
          {developmentUser === '' ? null : <Button onClick={() => become.mutate('')}>Be the server’s own developer</Button>}
          <Button
            look="primary"
            disabled={!NAME.test(wanted) || wanted === me.user_id || become.isPending}
            reason={wanted === me.user_id ? 'That is who you are' : 'A name is needed'}
            onClick={begin}
          >
            Be {NAME.test(wanted) ? wanted : '…'}
          </Button>
        </>
      }
    >
      <p>
        You are <strong>{me.user_id}</strong>, {me.role}. This server believes whoever is on this machine: it is meant for
        development, and any name will do.
      </p>
      <TextField
        label="Name"
        hint="Stands as X-User-Id in every request of this page"
        maxLength={200}
        list="known-users"
        value={name}
        error={error}
        onText={setName}
        onKeyDown={({ key }) => (key === 'Enter' ? begin() : undefined)}
      />
      <datalist id="known-users">
        {known?.users.map(({ user_id: id }) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <p className="muted">
        The role cannot be chosen: from this machine everybody is an administrator. To see what a viewer or an operator sees,
        start the server with <code>--identity configured</code> and sign in with a key of that role.
      </p>
    </Dialog>
  );
}

/** Throws what the server says of a name that it does not take, or when it takes the page for somebody else all the same. */
async function becomes(name: string): Promise<void> {
  const client = new Client({ baseUrl: BASE_URL, ...(name === '' ? {} : { userId: name }) });
  const { user_id: id } = await client.call({ method: 'GET', path: '/api/v1/me', answer: meSchema });
  if (name !== '' && id !== name) throw new Error(`Cannot be ${name}: a proxy before the server says that you are ${id}`);
}
