import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { artifactsResponseSchema } from '@loopwright/protocol';
import { errorIn, pointersIn } from '../app-fixture.ts';
import { type RunServer, createOne, expectStatus, nextOf, openRunServer } from '../../runs/runs-fixture.ts';

let server: RunServer;
let id: string;
let dir: string;
before(async () => {
  server = await openRunServer();
  id = (await createOne(server, { profile: 'small_one', intake: '0123456789' })).run_id;
  await nextOf(server, id);
  dir = join(server.dir, 'workspaces', id);
});
after(() => server[Symbol.asyncDispose]());

const PRD = 'files/planning/PRD.md';
const get = (path: string, headers: Record<string, string> = {}) => server.get(`/runs/${id}/${path}`, headers);

/** A request whose path is sent as it is, which `fetch` would tidy up. */
function rawStatus(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method: 'GET' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('GET /runs/{id}/artifacts', () => {
  it('lists them by phase, in the order of the phases, and in pages', async () => {
    const { run_id: other } = await createOne(server, { profile: 'small_one', intake: 'x' });
    for (const [phase, name] of [
      ['qa', 'report.md'],
      ['planning', 'b.md'],
      ['planning', 'deep/a.json'],
      ['planning', '_internal.md'],
      ['planning', '_private/a.md'],
      ['unknown', 'c.bin'],
    ] as const) {
      const folder = join(server.dir, 'workspaces', other, 'artifacts', phase, ...name.split('/').slice(0, -1));
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, name.split('/').at(-1) ?? ''), name);
    }
    const seen = async (query: string) => {
      const answer = artifactsResponseSchema.parse(expectStatus(await server.get(`/runs/${other}/artifacts?${query}`), 200));
      const all = Object.entries(answer.artifacts_by_phase).map(([phase, list]) => [phase, list.map(({ name }) => name)]);
      return [all, answer.total_count];
    };
    const planning = ['planning', ['b.md', 'deep/a.json']];
    assert.deepEqual(await seen(''), [[planning, ['qa', ['report.md']], ['unknown', ['c.bin']]], 4]);
    assert.deepEqual(await seen('limit=2&offset=1'), [
      [
        ['planning', ['deep/a.json']],
        ['qa', ['report.md']],
      ],
      4,
    ]);
    assert.deepEqual(await seen('page=2&limit=3'), [[['unknown', ['c.bin']]], 4]);
    assert.deepEqual(pointersIn(errorIn(await get('artifacts?page=2'), 'VALIDATION_ERROR')), ['/querystring/limit']);
    assert.deepEqual(await seen('phase=planning'), [[planning], 2]);
    assert.deepEqual(await seen('phase=..'), [[], 0]);
    const empty = await createOne(server, { profile: 'small_one' });
    const { artifacts_by_phase, total_count } = artifactsResponseSchema.parse(
      (await server.get(`/runs/${empty.run_id}/artifacts`)).body,
    );
    assert.deepEqual([artifacts_by_phase, total_count], [{}, 0]);
  });
});

describe('an artifact as a file', () => {
  it('is sent by its id and by its path, as a file that no browser executes', async () => {
    const byId = await get('artifacts/planning_PRD.md/download');
    const byPath = await get(PRD);
    for (const [answer, disposition] of [
      [byId, 'attachment'],
      [byPath, 'inline'],
    ] as const) {
      assert.deepEqual([answer.status, answer.body], [200, '0123456789']);
      const header = (name: string): string | null => answer.headers.get(name);
      assert.equal(header('content-type'), 'text/markdown; charset=utf-8');
      assert.equal(header('content-disposition'), `${disposition}; filename="PRD.md"; filename*=UTF-8''PRD.md`);
      assert.equal(header('x-content-type-options'), 'nosniff');
      assert.equal(header('content-security-policy'), "sandbox; default-src 'none'");
      assert.equal(header('etag'), '"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"');
      assert.equal(header('content-length'), '10');
    }
    const workspace = await server.runs.workspace(id);
    for (const [name, type] of [
      ['page.html', 'text/plain; charset=utf-8'],
      ['image.SVG', 'text/plain; charset=utf-8'],
      ['page.xhtml', 'text/plain; charset=utf-8'],
      ['data.json', 'application/json; charset=utf-8'],
      ['unknown.bin', 'application/octet-stream'],
      ['noname', 'text/plain; charset=utf-8'],
    ] as const) {
      await workspace.write('planning', name, '"<script>alert(1)</script>"');
      assert.equal((await get(`files/planning/${name}`)).headers.get('content-type'), type, name);
    }
    await workspace.write('planning', 'naïve (1) "ü".md'.replaceAll('"', "'"), 'x');
    const odd = await get(`artifacts/${encodeURIComponent("planning_naïve (1) 'ü'.md")}/download`);
    assert.equal(
      odd.headers.get('content-disposition'),
      `attachment; filename="na_ve (1) '_'.md"; filename*=UTF-8''na%C3%AFve%20%281%29%20%27%C3%BC%27.md`,
    );
  });

  it('is sent in ranges', async () => {
    const seen = async (range: string, more: Record<string, string> = {}) => {
      const { status, headers, body } = await get(PRD, { range, ...more });
      return [status, typeof body === 'string' ? body : Object(body).error_code, headers.get('content-range')];
    };
    assert.deepEqual(await seen('bytes=2-4'), [206, '234', 'bytes 2-4/10']);
    assert.deepEqual(await seen('bytes=7-'), [206, '789', 'bytes 7-9/10']);
    assert.deepEqual(await seen('bytes=-3'), [206, '789', 'bytes 7-9/10']);
    assert.deepEqual(await seen('bytes=-300'), [206, '0123456789', 'bytes 0-9/10']);
    assert.deepEqual(
      await seen('bytes=8-99999999999999999'),
      [200, '0123456789', null],
      'more digits than a size has are no range',
    );
    assert.deepEqual(await seen('bytes=8-9999999999'), [206, '89', 'bytes 8-9/10']);
    assert.deepEqual(await seen('bytes=10-'), [416, 'RANGE_NOT_SATISFIABLE', 'bytes */10']);
    assert.deepEqual(await seen('bytes=-0'), [416, 'RANGE_NOT_SATISFIABLE', 'bytes */10']);
    for (const odd of ['bytes=4-2', 'bytes=0-1,3-4', 'bytes=-', 'bytes=a-b', 'lines=1-2', ''])
      assert.equal((await seen(odd))[0], 200);
    const etag = (await get(PRD)).headers.get('etag') ?? '';
    assert.deepEqual(await seen('bytes=2-4', { 'if-range': etag }), [206, '234', 'bytes 2-4/10']);
    assert.deepEqual(await seen('bytes=2-4', { 'if-range': '"other"' }), [200, '0123456789', null]);
    assert.deepEqual(await seen('bytes=2-4', { 'if-range': `W/${etag}` }), [200, '0123456789', null]);
    await (await server.runs.workspace(id)).write('planning', 'empty.txt', '');
    assert.equal((await get('files/planning/empty.txt')).status, 200);
    assert.equal((await get('files/planning/empty.txt', { range: 'bytes=0-' })).status, 416);
  });

  it('is not sent again to whoever has it, and HEAD says the same without it', async () => {
    const etag = (await get(PRD)).headers.get('etag') ?? '';
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*'])
      assert.deepEqual([(await get(PRD, { 'if-none-match': known })).status, known], [304, known]);
    assert.equal((await get(PRD, { 'if-none-match': '"x"' })).status, 200);
    const since = (await get(PRD)).headers.get('last-modified') ?? '';
    const epoch = 'Thu, 01 Jan 1970 00:00:00 GMT';
    const bySince = async (headers: Record<string, string>): Promise<number> => (await get(PRD, headers)).status;
    assert.equal(await bySince({ 'if-modified-since': since }), 304);
    assert.equal(await bySince({ 'if-modified-since': epoch }), 200);
    assert.equal(await bySince({ 'if-modified-since': 'nonsense' }), 200);
    assert.equal(await bySince({ 'if-modified-since': since, 'if-none-match': '"x"' }), 200, 'a tag counts before a time');
    const head = await fetch(`${server.url}/runs/${id}/${PRD}`, { method: 'HEAD' });
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), head.headers.get('etag'), await head.text()],
      [200, '10', etag, ''],
    );
    await (await server.runs.workspace(id)).write('planning', 'changing.md', 'one');
    const old = (await get('files/planning/changing.md')).headers.get('etag') ?? '';
    await (await server.runs.workspace(id)).write('planning', 'changing.md', 'two');
    assert.equal((await get('files/planning/changing.md', { 'if-none-match': old })).body, 'two');
  });

  it('is never anything outside of the workspace, an internal file, a folder or a link', async () => {
    await writeFile(join(server.dir, 'secret.txt'), 'secret');
    const planning = join(dir, 'artifacts', 'planning');
    await symlink(join(server.dir, 'secret.txt'), join(planning, 'link.txt'));
    await symlink(server.dir, join(planning, 'folder-link'));
    await symlink(server.dir, join(dir, 'artifacts', 'phase-link'));
    await writeFile(join(planning, '_internal.md'), 'internal');
    await mkdir(join(planning, 'folder'));
    const attempts = [
      'files/planning/link.txt',
      'files/planning/folder-link%2fsecret.txt',
      'files/planning/folder-link/secret.txt',
      'files/phase-link/secret.txt',
      'files/planning/_internal.md',
      'files/planning/folder',
      'files/planning/folder/',
      'files/planning',
      'files/planning/../../state.json',
      'files/planning/%2e%2e/%2e%2e/state.json',
      'files/planning/..%2f..%2fstate.json',
      'files/planning/..%5c..%5cstate.json',
      'files//planning/PRD.md',
      'files/planning//PRD.md',
      'files/planning/./PRD.md',
      'files/planning/PRD.md%00.txt',
      'files/planning/PRD.md%00',
      'files/%2fetc%2fpasswd',
      'artifacts/planning_..~1..~1state.json/download',
      'artifacts/planning_%2e%2e%2f%2e%2e%2fstate.json/download',
      'artifacts/.._state.json/download',
      'artifacts/planning_link.txt/download',
      'artifacts/planning__internal.md/download',
      'artifacts/planning_/download',
      'artifacts/planning_a~2b/download',
    ];
    for (const path of attempts) {
      const status = await rawStatus(`/runs/${id}/${path}`);
      assert.ok(status !== undefined && [400, 404, 422].includes(status), `${path}: ${String(status)}`);
    }
    errorIn(await server.get(`/api/v1/runs/${id}/artifacts/planning_none.md/download`), 'RUN_ARTIFACT_NOT_FOUND');
    const { body } = await get('artifacts?phase=planning');
    assert.doesNotMatch(JSON.stringify(body), /link|internal/);
  });
});
