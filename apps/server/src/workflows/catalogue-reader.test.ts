import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { outboundHosts } from '../outbound/outbound-hosts.ts';
import { catalogueReader } from './catalogue-reader.ts';
import { loadWorkflows } from './load-workflows.ts';

describe('functions of catalogues and schemas of resources', () => {
  it('are read with the definitions of a folder, and kept for a start without the catalogue', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/text.yaml') return response.end('type: object\nrequired: [text]\n');
      if (request.url?.startsWith('/functions/shout/1.0.0/') !== true) response.statusCode = 404;
      return response.end("set: { text: '${ .text | ascii_upcase }' }\n");
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-catalogue-'));
    mkdirSync(join(dir, 'workflows'));
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      join(dir, 'workflows', 'w.yaml'),
      `document: { dsl: '1.0.3', namespace: test, name: w, version: '1.0.0' }
use: { catalogs: { ours: { endpoint: { uri: '${uri}' } } } }
output: { schema: { resource: { endpoint: '${uri}/text.yaml' } } }
do: [{ loud: { call: 'shout:1.0.0@ours', with: { text: a } } }]`,
    );
    const outbound = outboundHosts(['127.0.0.1']);
    const load = (hosts = outbound): ReturnType<typeof loadWorkflows> =>
      loadWorkflows(join(dir, 'workflows'), {}, catalogueReader(join(dir, 'kept'), hosts));
    const [first] = await load();
    assert.equal(asked.length, 2);
    assert.deepEqual(first?.document.output?.schema, { document: { type: 'object', required: ['text'] } });
    const functions = first?.document.use?.functions ?? {};
    assert.deepEqual(Object.keys(functions), ['shout:1.0.0@ours']);
    server.close();
    server.closeAllConnections();
    const [again] = await load();
    assert.equal(again?.digest, first?.digest);
    const closed = outboundHosts([]);
    const forbidden = catalogueReader(join(dir, 'other'), closed);
    await assert.rejects(forbidden(`${uri}/functions/shout/1.0.0/function.yaml`), /no public address/);
    await assert.rejects(forbidden('file:///etc/passwd'), /only http and https/);
    await Promise.all([outbound.close(), closed.close()]);
  });
});
