import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { loadAgain } from './load-again.ts';

/** A page that shows `value`; each request for it is answered when the test says so, with what it was when it was asked. */
function shown(): { client: QueryClient; set(value: string): void; answer(): void; readonly data: unknown; asked(): number } {
  const client = new QueryClient();
  const answers: (() => void)[] = [];
  let [value, asked] = ['before', 0];
  const queryFn = (): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const then = value;
    asked += 1;
    answers.push(() => resolve(then));
    return promise;
  };
  new QueryObserver(client, { queryKey: ['count', 1], queryFn }).subscribe(() => undefined);
  return {
    client,
    set: (next) => void (value = next),
    answer: () => answers.shift()?.(),
    get data() {
      return client.getQueryData(['count', 1]);
    },
    asked: () => asked,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('loadAgain()', () => {
  it('asks once more when the first load was asked before', async () => {
    const page = shown();
    page.set('after');
    const done = loadAgain(page.client, { queryKey: ['count'] });
    page.answer();
    await turn();
    assert.equal(page.data, 'before');
    page.answer();
    await done;
    assert.deepEqual([page.data, page.asked()], ['after', 2]);
  });

  it('asks once for what was loaded, and leaves what is not meant', async () => {
    const page = shown();
    page.answer();
    await turn();
    page.set('after');
    const done = loadAgain(page.client, { queryKey: ['count'] });
    await loadAgain(page.client, { queryKey: ['other'] });
    page.answer();
    await done;
    assert.deepEqual([page.data, page.asked()], ['after', 2]);
  });
});
