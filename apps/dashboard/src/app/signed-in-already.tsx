import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { BASE_PATH } from '../shared/api/api.ts';

const route = getRouteApi('/sign-in');

/** Goes where somebody wanted to before they were asked to sign in. */
export function SignedInAlready(): null {
  const { return_to: back = `${BASE_PATH}/` } = route.useSearch();
  const { history } = useRouter();
  useEffect(() => history.replace(back), [back, history]);
  return null;
}
