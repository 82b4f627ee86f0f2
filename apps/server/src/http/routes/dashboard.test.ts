import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDashboard } from '../../dashboard/dashboard-files.ts';
import { DASHBOARD_PAGES } from '../../dashboard/dashboard-pages.ts';
import { type TestServer, errorIn, openServer } from '../app-fixture.ts';

const SCRIPT = `console.log(${JSON.stringify('x'.repeat(5000))});`;
const PAGE =
  '<!doctype html><base href="%BASE%"><meta property="csp-nonce" nonce="%NONCE%"><script src="./assets/index-1.js"></script>';
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the dashboard over HTTP', () => {
  let server: TestServer;
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'loopwright-pages-'));
    await mkdir(join(dir, 'assets'));
    await writeFile(join(dir, 'index.html'), PAGE);
    await writeFile(join(dir, 'assets', 'index-1.js'), SCRIPT);
    await writeFile(join(dir, 'assets', 'secret.key'), 'not for anybody');
    const dashboard = await readDashboard(dir);
    server = await openServer(dashboard === null ? {} : { dashboard });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  /** The bytes of a file as they come over the wire. */
  const raw = (encoding: string): Promise<{ encoding: string | undefined; bytes: Buffer }> =>
    new Promise((resolve, reject) => {
      const asked = request(`${server.url}/assets/index-1.js`, { headers: { 'accept-encoding': encoding } }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve({ encoding: response.headers['content-encoding'], bytes: Buffer.concat(parts) }));
      });
      asked.on('error', reject).end();
    });

  it('gives its page to whoever asks for HTML, whatever the path and the query, and JSON to the others', async () => {
    for (const pattern of DASHBOARD_PAGES) {
      const path = pattern.replace('*', 'runs/one');
      const { status, headers } = await server.get(`${path}?status=failed&a=1&a=2`, HTML);
      assert.deepEqual([status, headers.get('content-type')], [200, 'text/html; charset=utf-8'], path);
      errorIn(await server.get(path, { accept: 'application/json' }), 'NOT_FOUND');
    }
    assert.equal((await server.get('/', { accept: '*/*' })).status, 200);
    assert.equal((await server.send('HEAD', '/', undefined, HTML)).status, 200);
  });

  it('leaves the routes of the API alone', async () => {
    const runs = await server.get('/runs', HTML);
    assert.deepEqual([runs.status, runs.headers.get('content-type')], [200, 'application/json; charset=utf-8']);
    errorIn(await server.get('/orchestrators', HTML), 'NOT_FOUND');
    errorIn(await server.get('/api/v1/nothing', HTML), 'NOT_FOUND');
  });

  it('says in the page where its root is, so that it works below any path', async () => {
    const baseOf = async (path: string): Promise<string | undefined> =>
      /<base href="([^"]*)">/.exec(String((await server.get(path, HTML)).body))?.[1];
    assert.deepEqual(await Promise.all(['/', '/inbox', '/orchestrator/runs', '/orchestrator/runs/a'].map(baseOf)), [
      './',
      './',
      '../',
      '../../',
    ]);
  });

  it('lets the page run its own files only, and no style without the nonce of this answer', async () => {
    const [one, two] = [await server.get('/', HTML), await server.get('/', HTML)];
    const nonces = [one, two].map(({ body }) => /nonce="([^"]+)"/.exec(String(body))?.[1]);
    assert.notEqual(nonces[0], nonces[1]);
    const policy = one.headers.get('content-security-policy') ?? '';
    assert.match(policy, new RegExp(`style-src 'self' 'nonce-${nonces[0]}'`));
    assert.match(policy, /default-src 'none'; script-src 'self';.*frame-ancestors 'none'.*trusted-types 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|http/);
  });

  it('gives files that are kept for ever, compressed as the browser takes them', async () => {
    const { headers, status } = await server.get('/assets/index-1.js');
    assert.deepEqual(
      [status, headers.get('cache-control'), headers.get('content-type')],
      [200, 'public, max-age=31536000, immutable', 'text/javascript; charset=utf-8'],
    );
    const brotli = await raw('gzip, br');
    assert.deepEqual([brotli.encoding, brotliDecompressSync(brotli.bytes).toString()], ['br', SCRIPT]);
    const gzip = await raw('gzip;q=0.5, br;q=0');
    assert.deepEqual([gzip.encoding, gunzipSync(gzip.bytes).toString()], ['gzip', SCRIPT]);
    assert.deepEqual([(await raw('identity')).encoding, (await raw('identity')).bytes.toString()], [undefined, SCRIPT]);
    const etag = headers.get('etag') ?? '';
    assert.equal((await server.get('/assets/index-1.js', { 'if-none-match': etag })).status, 304);
  });

  it('gives nothing that is no part of the dashboard', async () => {
    for (const name of ['secret.key', 'missing.js', '..%2Findex.html', '%2Fetc%2Fpasswd', '__proto__'])
      errorIn(await server.get(`/assets/${name}`), 'NOT_FOUND');
  });

  it('says so when it was not built', async () => {
    assert.equal(await readDashboard(join(dir, 'nowhere')), null);
    await using plain = await openServer();
    assert.match(errorIn(await plain.get('/', HTML), 'NOT_FOUND').message, /was not built/);
  });

  it('says how one can sign in', async () => {
    const { status, body } = await server.get('/auth/methods');
    assert.deepEqual([status, body], [200, { development: true, api_key: true, oidc: null }]);
  });
});
