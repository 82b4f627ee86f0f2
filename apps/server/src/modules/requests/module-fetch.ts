import type { RoutedRequest } from '@loopwright/module-sdk';
import type { Supervisor } from '../supervisor.ts';

/** A request in the words of `fetch`, to a path of a module. */
interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Statuses whose answers have no body. */
const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Requests to a module in the words of `fetch`, whichever way they go. It waits for a module that is being started; see {@link Supervisor.request}. */
export function moduleFetch(
  supervisor: Supervisor,
  id: string,
  traits: Pick<RoutedRequest, 'priority' | 'type'> = {},
): (path: string, init: FetchInit) => Promise<Response> {
  return async (path, { method, headers, body, signal }) => {
    const answer = await supervisor.request(id, {
      method,
      uri: path,
      headers: { ...headers },
      signal,
      body: body === undefined ? null : Buffer.from(body),
      ...traits,
    });
    const pairs = Object.entries(answer.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as [string, string]] : value.map((one): [string, string] => [name, one]),
    );
    return new Response(
      BODYLESS.has(answer.status) ? null : (answer.body as ConstructorParameters<typeof Response>[0] & object),
      {
        status: answer.status,
        headers: pairs,
      },
    );
  };
}
