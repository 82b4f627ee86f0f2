import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { NO_GENERATOR, startTestServer } from './server-fixture.ts';

const SECRET = 'sesame-4711';
const executionSchema = z.looseObject({
  execution_id: z.string(),
  status: z.string(),
  output: z.json(),
  error_document: z.json(),
  child_execution_ids: z.array(z.string()),
});

/** A host that gives what it was asked for with, and a script. */
async function host(): Promise<{ url: string; seen: string[]; close: () => void }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.url ?? ''} ${request.headers.authorization ?? ''}`);
    if (request.url === '/script.js') return response.end('return n * 2;');
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ open: request.headers.authorization === `Bearer ${SECRET}` }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen, close: () => void server.close() };
}

function definitions(url: string): Record<string, string> {
  const head = (name: string): string => `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0' }\n`;
  return {
    child: `${head('child')}do: [{ sum: { run: { script: { language: js, code: 'return a + b;', arguments: { a: '\${ .a }', b: 5 } } } } }]`,
    whole: `${head('whole')}
use:
  secrets: [door]
  authentications: { guard: { bearer: { token: '\${ $secrets.door }' } } }
do:
  - ask: { call: http, with: { method: get, endpoint: { uri: '${url}/door', authentication: { use: guard } } } }
  - count: { run: { workflow: { namespace: test, name: child, version: latest, input: { a: 2 } } }, output: { as: '\${ { n: . } }' } }
  - twice: { run: { script: { language: js, source: { endpoint: '${url}/script.js' }, arguments: { n: '\${ .n }' } } } }`,
    prying: `${head('prying')}do: [{ look: { call: http, with: { method: get, endpoint: 'http://localhost:1/' } } }]`,
  };
}

describe('definitions on a real server', () => {
  it('runs scripts, workflows inside workflows and calls with secrets, and keeps secrets and its own network to itself', async () => {
    const outside = await host();
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-language-'));
    for (const folder of ['workflows', 'secrets']) mkdirSync(join(dir, folder));
    writeFileSync(join(dir, 'secrets', 'door'), `${SECRET}\n`);
    for (const [name, text] of Object.entries(definitions(outside.url)))
      writeFileSync(join(dir, 'workflows', `${name}.yaml`), text);
    const server = await startTestServer([
      `--data-dir=${join(dir, 'data')}`,
      `--workflows-dir=${join(dir, 'workflows')}`,
      `--secrets-dir=${join(dir, 'secrets')}`,
      '--call-private-hosts=127.0.0.1',
      '--sandbox-workers=1',
      ...NO_GENERATOR,
    ]);
    const run = async (workflow: string): Promise<z.infer<typeof executionSchema>> => {
      const body = JSON.stringify({ project_id: 'p' });
      const headers = { 'content-type': 'application/json' };
      const started = await fetch(`${server.url}/api/v1/workflows/${workflow}/start`, { method: 'POST', headers, body });
      const { execution_id: id } = executionSchema.parse(await started.json());
      for (const end = Date.now() + 60_000; ;) {
        const execution = executionSchema.parse(await (await fetch(`${server.url}/api/v1/executions/${id}`)).json());
        if (['completed', 'failed'].includes(execution.status) || Date.now() > end) return execution;
        await new Promise<void>((resolve) => void setTimeout(resolve, 20));
      }
    };
    try {
      const whole = await run('whole');
      assert.deepEqual([whole.status, whole.output], ['completed', 14], JSON.stringify(whole.error_document));
      assert.equal(whole.child_execution_ids.length, 1);
      assert.deepEqual(outside.seen, [`/door Bearer ${SECRET}`, '/script.js ']);
      const prying = await run('prying');
      assert.match(JSON.stringify(prying.error_document), /call_private_hosts/);
    } finally {
      await server.stop();
      outside.close();
    }
    const journal = join(dir, 'data', 'engine');
    for (const file of readdirSync(journal)) {
      if (file.startsWith('engine.db'))
        assert.ok(!readFileSync(join(journal, file)).includes(SECRET), `the secret is in ${file}`);
    }
  });
});
