import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadDefinition } from '@loopwright/engine';
import { type JsonObject, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import { loadWorkflows } from '../../workflows/load-workflows.ts';
import { profileOf } from './profile.ts';
import { weavePhases } from './weave-phases.ts';

const profile = (phases: object, list: object[]): JsonObject => ({
  document: {
    dsl: '1.0.0',
    namespace: 'test',
    name: 'two-words',
    version: '1.0.0',
    metadata: { profile: { title: 'Two', phases: phases as JsonObject } },
  },
  do: list as JsonObject[],
});
const TASK = { set: { a: 1 } };

/** The pointers of what is wrong. */
function pointersOf(phases: object, list: object[]): string[] {
  try {
    weavePhases(profile(phases, list));
  } catch (error) {
    assert.ok(error instanceof PlatformError && error.code === 'INVALID_DEFINITION');
    return z
      .array(z.looseObject({ pointer: z.string() }))
      .parse(error.details?.['issues'])
      .map(({ pointer }) => pointer);
  }
  return [];
}

describe('weavePhases()', () => {
  it('puts a wait before each phase, so that what comes out is a standard document that is a profile as well', () => {
    const source = profile({ planning: { agents: ['architect'], gates: ['ready'] }, qa: {} }, [
      { planning: TASK },
      { qa: { if: '${ .a }', ...TASK } },
    ]);
    const woven = loadDefinition(JSON.stringify(weavePhases(source)), {});
    assert.deepEqual(
      woven.document.do.map(({ name }) => name),
      ['await-planning', 'planning', 'await-qa', 'qa'],
    );
    assert.equal(woven.document.do[2]?.task.if, '${ .a }', 'a phase that is left out waits for nobody');
    assert.deepEqual(profileOf(woven), {
      name: 'two-words',
      title: 'Two',
      aliases: [],
      version: '1.0.0',
      digest: woven.digest,
      phases: [
        { name: 'planning', agents: ['architect'], gates: ['ready'] },
        { name: 'qa', agents: [], gates: [] },
      ],
    });
  });

  it('puts more tasks around each phase, behind its gate', () => {
    const around = {
      before: (phase: string) => [{ [`pre-${phase}`]: TASK }],
      after: (phase: string) => [{ [`post-${phase}`]: TASK }],
    };
    const woven = weavePhases(profile({ planning: {} }, [{ planning: TASK }]), around);
    assert.deepEqual(
      (woven['do'] as object[]).flatMap((entry) => Object.keys(entry)),
      ['await-planning', 'pre-planning', 'planning', 'post-planning'],
    );
  });

  it('leaves what is no profile as it is', () => {
    const plain: JsonObject = {
      document: { dsl: '1.0.0', namespace: 'n', name: 'w', version: '1.0.0' },
      do: [{ planning: TASK }],
    };
    assert.equal(weavePhases(plain), plain);
    assert.equal(profileOf(loadDefinition(JSON.stringify(plain), {})), undefined);
  });

  it('points to what makes a document no profile', () => {
    assert.deepEqual(pointersOf({ planning: {} }, [{ planning: TASK }, { more: TASK }]), ['/do/1/more']);
    assert.deepEqual(pointersOf({ planning: {}, qa: {} }, [{ planning: TASK }]), ['/document/metadata/profile/phases/qa']);
    assert.deepEqual(pointersOf({ planning: {} }, [{ planning: JSON.parse('{"set":{"a":1},"then":"end"}') }]), [
      '/do/0/planning/then',
    ]);
    assert.deepEqual(pointersOf({ planning: {} }, [{ planning: { switch: [] } }]), ['/do/0/planning/switch']);
    assert.deepEqual(pointersOf({}, []), ['/do']);
    assert.deepEqual(pointersOf({ planning: { agent: 'x' } }, [{ planning: TASK }]), [
      '/document/metadata/profile/phases/planning',
    ]);
    for (const name of ['await-x', 'a_b', 'Planning', '..', '', 'x'.repeat(64)])
      assert.deepEqual(pointersOf({ [name]: {} }, [{ [name]: TASK }]), [`/document/metadata/profile/phases/${name}`]);
  });

  it('is done to the profiles of a folder, which are refused with the file and the place where they are wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'loopwright-profiles-'));
    const file = join(folder, 'mine.yaml');
    const write = (phase: string): Promise<void> =>
      writeFile(
        file,
        `document: { dsl: '1.0.0', namespace: mine, name: mine, version: '1.0.0', metadata: { profile: { title: Mine, phases: { research: {} } } } }
do: [{ ${phase}: { do: [{ one: { set: { a: 1 } } }] } }]`,
      );
    const load = () => loadWorkflows(folder, {}, () => Promise.reject(new Error('nothing is read')));
    await write('research');
    const [definition] = await load();
    assert.deepEqual(
      definition?.document.do.map(({ name }) => name),
      ['await-research', 'research'],
    );
    await write('other');
    await assert.rejects(
      load,
      (error) => error instanceof PlatformError && error.details?.['file'] === file && /\/do\/0\/other/.test(error.message),
    );
    await rm(folder, { recursive: true, force: true });
  });
});
