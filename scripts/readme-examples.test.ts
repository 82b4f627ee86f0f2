import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RestateServer, freePort, restateBinary } from '../packages/engine-restate/src/lib/fixtures/restate-server.ts';

const root = join(import.meta.dirname, '..');
const EXAMPLE = /^```ts\n([\s\S]*?)^```/gm;

describe('READMEs of the packages', () => {
  // The example of the engine on Restate wants one; where npm has no server for the platform, it does nothing.
  let restate: RestateServer | undefined;
  before(async () => {
    if (restateBinary() !== undefined) restate = await RestateServer.open();
  });
  after(() => restate?.[Symbol.asyncDispose]());
  for (const file of globSync('packages/*/README.md', { cwd: root })) {
    it(`${file}: its example runs`, async () => {
      const examples = [...readFileSync(join(root, file), 'utf8').matchAll(EXAMPLE)].map((match) => match[1] ?? '');
      assert.ok(examples.length > 0, 'there is no example');
      // Below node_modules the packages are found, and what an example writes is out of the way.
      const cwd = mkdtempSync(join(root, 'node_modules', '.readme-'));
      const args = ['--conditions=loopwright-source', '--input-type=module-typescript', '--eval', examples.join('\n')];
      const urls = restate === undefined ? {} : { RESTATE_URL: restate.ingressUrl, RESTATE_ADMIN_URL: restate.adminUrl };
      const env = { ...process.env, ...urls, SERVICE_PORT: String(await freePort()) };
      const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8', timeout: 60_000 });
      rmSync(cwd, { recursive: true });
      assert.equal(status, 0, stderr);
    });
  }
  it('every package has one', () => {
    const packages = globSync('packages/*/package.json', { cwd: root });
    assert.equal(globSync('packages/*/README.md', { cwd: root }).length, packages.length);
  });
});
