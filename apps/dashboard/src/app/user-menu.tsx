import { logoutResponseSchema } from '@loopwright/protocol';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { api, setCsrfToken } from '../shared/api/api.ts';
import { sessionQuery, useSession } from '../shared/api/session.tsx';
import { type Preferences, setPreferences, usePreferences } from '../shared/preferences/preferences.ts';
import type { MenuEntry } from '../shared/ui/menu-types.ts';
import { Menu } from '../shared/ui/menu.tsx';

/** Who is signed in, and what they like: theme, time zone, how times are written. */
export function UserMenu(): ReactElement {
  const { me } = useSession();
  const queries = useQueryClient();
  const present = usePreferences();
  const choice = <Key extends 'theme' | 'timeZone' | 'timeStyle'>(
    key: Key,
    value: Preferences[Key],
    label: string,
  ): MenuEntry => ({
    id: `${key}-${value}`,
    label,
    isChosen: present[key] === value,
    onAction: () => setPreferences({ [key]: value }),
  });
  const signOut = async (): Promise<void> => {
    if (me.method === 'session') {
      const { end_session_url: next } = await api.call({ method: 'POST', path: '/auth/logout', answer: logoutResponseSchema });
      setCsrfToken(null);
      if (next !== null) {
        location.assign(next);
        return;
      }
    } else setPreferences({ developmentUser: '' });
    // What was loaded as somebody is nobody else's.
    await queries.resetQueries({ queryKey: sessionQuery.queryKey });
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  };
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isDeveloper = me.method === 'development';
  return (
    <Menu
      label={`${me.name ?? me.user_id}, ${me.role}: account and display`}
      icon="person"
      text={me.name ?? me.user_id}
      look="button-quiet user-button"
      sections={[
        {
          title: 'Theme',
          entries: [
            choice('theme', 'system', 'As the system'),
            choice('theme', 'light', 'Light'),
            choice('theme', 'dark', 'Dark'),
          ],
        },
        {
          title: 'Times',
          entries: [choice('timeStyle', 'relative', 'Relative (5 min ago)'), choice('timeStyle', 'absolute', 'Absolute')],
        },
        { title: 'Time zone', entries: [choice('timeZone', 'local', `This device (${zone})`), choice('timeZone', 'UTC', 'UTC')] },
        {
          title: `${me.user_id} · ${me.role}`,
          entries: [
            {
              id: 'sign-out',
              label: isDeveloper ? 'Be the server’s own developer' : 'Sign out',
              isDisabled: isDeveloper && present.developmentUser === '',
              onAction: () => void signOut(),
            },
          ],
        },
      ]}
    />
  );
}
