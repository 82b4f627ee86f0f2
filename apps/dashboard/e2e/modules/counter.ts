// A module of users for the tests of pages: it greets with a secret that it holds, cannot do without it, and doubles numbers.
import { HttpIpcRouter, parseJsonBody, runModule, success } from '@loopwright/module-sdk';

await runModule(async (_init, { secrets }) => {
  secrets.onChange(({ kind, name }) => {
    if (kind === 'removed') throw new Error(`Cannot greet: the secret "${name}" is gone`);
  });
  const router = new HttpIpcRouter()
    .get('/greeting', async () => success(`${(await secrets.get('GREETING')).reveal().length} letters`))
    .post('/double', async (request) => success(Number(await parseJsonBody(request)) * 2))
    .get('/closed', () => success('nobody may ask this'));
  return { endpoints: router.endpoints(), fetch: router.fetch, stop: async () => undefined };
});
