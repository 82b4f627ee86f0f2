import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { pino } from 'pino';
import { openServer } from '../http/app-fixture.ts';
import { useWorkflows } from './watch-workflows.ts';

const PLAIN = `
document: { dsl: '1.0.0', namespace: test, name: no-profile, version: '1.0.0' }
do:
  - only: { set: { a: 1 } }
`;

it('registers what is no profile in the folder of profiles, and says so', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-watch-'));
  await using server = await openServer({ definitions: {} });
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const readCatalogue = (): never => assert.fail('no catalogue is named');
  const use = (profilesDir: string | null): Promise<() => void> =>
    useWorkflows([dir], server.engine, { clock: systemClock, log, readCatalogue, profilesDir });
  try {
    writeFileSync(join(dir, 'no-profile.yaml'), PLAIN);
    (await use(null))();
    assert.ok(server.engine.definitions.has('no-profile'));
    assert.deepEqual(lines, [], 'a workflow in the folder of workflows');
    (await use(dir))();
    assert.match(lines.join(''), /\\"no-profile\\" in profiles_dir is no profile: it has no document\.metadata\.profile/);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
