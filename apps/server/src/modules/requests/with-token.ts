import type { ModuleHttp } from '@loopwright/module-sdk';

/** Requests that carry a token, unless they say by themselves who asks: over a socket anybody else could ask too. */
export function withToken(http: ModuleHttp, token: string): ModuleHttp {
  return {
    get pending() {
      return http.pending;
    },
    request: ({ headers = {}, ...request }) => {
      const hasOwn = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
      return http.request({ ...request, headers: hasOwn ? headers : { ...headers, authorization: `Bearer ${token}` } });
    },
    fetch: (input, init) => http.fetch(input, init),
  };
}
