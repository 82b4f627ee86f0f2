import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ArtifactResult, artifactResultSchema, systemClock, systemRandom } from '@loopwright/protocol';
import { type Generator, createGenerator } from '../generator.ts';
import { findPythonWall } from '../grading/python/python-wall.ts';
import { type Candidate, candidatesOf } from './problems.ts';

describe('grading of a suite over HTTP', () => {
  let dataDir: string;
  let generator: Generator;
  let url: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'grading-'));
    generator = await createGenerator({
      dataDir,
      jailPolicy: 'off',
      clock: systemClock,
      random: systemRandom,
      sandboxWorkers: 6,
    });
    url = await generator.app.listen({ host: '127.0.0.1', port: 0 });
  });
  after(async () => {
    await generator[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function grade(candidate: Candidate): Promise<ArtifactResult> {
    const plan = candidate.plan(`${candidate.name}-${systemRandom.uuid()}`, 400);
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/execute`, { method: 'POST', headers, body: JSON.stringify(plan) });
    const body: unknown = await response.json();
    assert.equal(response.status, 200, JSON.stringify(body));
    return artifactResultSchema.parse(body);
  }

  async function mistakes(candidates: readonly Candidate[]): Promise<string[]> {
    const results = await Promise.all(candidates.map(async (candidate) => ({ candidate, result: await grade(candidate) })));
    return results.flatMap(({ candidate, result }) =>
      result.status === candidate.expected && (result.status === 'SUCCESS') === (result.test_results?.exit_code === 0)
        ? []
        : `${candidate.name}: ${result.status} instead of ${candidate.expected} (${result.error_message})`,
    );
  }

  it('makes no mistake about right, wrong, looping and hostile programs, all at once', async () => {
    const candidates = withFewLoops(candidatesOf('problems'));
    assert.ok(candidates.length >= 105, String(candidates.length));
    assert.deepEqual(await mistakes(candidates), []);
  });

  it('makes none about programs of Python behind their wall', async (context) => {
    const wall = await findPythonWall();
    if ('missing' in wall) return context.skip(`no program of Python can be run here: ${wall.missing}`);
    assert.deepEqual(await mistakes(withFewLoops(candidatesOf('python-problems'))), []);
  });
});

/** Every loop costs its limit: three here, all of them in `npm run bench -- grading`. */
function withFewLoops(candidates: readonly Candidate[]): readonly Candidate[] {
  const loops = candidates.filter(({ name }) => name.endsWith(': loop'));
  return candidates.filter((candidate) => !loops.slice(3).includes(candidate));
}
