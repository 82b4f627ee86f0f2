import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ProgramStore, createEdge, openJail } from '@loopwright/edge';
import {
  type ArtifactResult,
  PlatformError,
  artifactResultSchema,
  executeResponseSchema,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { versionOf } from './version-of-result.ts';

function resultOf(entry: string, content: string): ArtifactResult {
  return artifactResultSchema.parse({
    execution_id: 'e1',
    status: 'SUCCESS',
    artifacts: [{ file_path: entry, content, artifact_type: 'source_code' }],
    started_at: '2026-11-21T00:00:00Z',
    completed_at: '2026-11-21T00:00:01Z',
    duration_seconds: 1,
    metadata: { agent: 'model', entry },
  });
}
const about = { execution: { executionId: 'e1', projectId: 'p1' }, inputCharacters: 10 };

describe('versionOf', () => {
  it('stores programs of every language that the generator writes, and the edge serves them', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-languages-'));
    t.after(() => rm(dir, { recursive: true, force: true }));
    const programs = new ProgramStore({ dir, clock: systemClock });
    const jail = await openJail({ policy: 'preferred', clock: systemClock, log: () => undefined });
    const sources = {
      'program.ts': 'export const run = (x: number): string => `ts ${x}`;',
      'program.js': 'export const run = (x) => `js ${x}`;',
      'program.py': 'def run(x):\n    return f"py {x}"\n',
    };
    const served: string[] = [];
    for (const [entry, source] of Object.entries(sources)) {
      const name = `in-${entry.slice(-2)}`;
      try {
        const { version, language } = await programs.store(name, { id: entry, ...versionOf(resultOf(entry, source), about) });
        assert.equal(language, entry.endsWith('py') ? 'python' : 'typescript');
        await programs.setActive(name, version, { record: { id: 'first' } });
        served.push(name);
      } catch (error) {
        // Where there is no Python, or no jail for it.
        assert.ok(entry.endsWith('py') && error instanceof PlatformError && error.code === 'LANGUAGE_UNAVAILABLE', String(error));
      }
    }
    await using edge = await createEdge({
      dataDir: dir,
      clock: systemClock,
      random: systemRandom,
      sandbox: { jail, workers: 1 },
    });
    for (const name of served) {
      const answer = await edge.app.inject({ method: 'POST', url: `/tasks/${name}/execute`, payload: { input: 7 } });
      assert.equal(executeResponseSchema.parse(answer.json()).output, `${name.slice(-2)} 7`);
    }
    assert.ok(served.length >= 2);
  });

  it('refuses a program in a language that nobody serves, and one that is missing', () => {
    for (const result of [resultOf('program.rb', 'puts 1'), { ...resultOf('program.ts', ''), artifacts: [] }])
      assert.throws(() => versionOf(result, about), { code: 'GENERATION_FAILED' });
  });
});
