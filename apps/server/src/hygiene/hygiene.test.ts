import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { folderOf, surveyHere } from '../governance/survey/survey-fixture.ts';
import { findOrphans } from './find-orphans.ts';
import { type HygieneCounts, hygieneScore } from './hygiene-score.ts';
import { hygieneOf, measureHygiene } from './measure-hygiene.ts';

const NONE: HygieneCounts = {
  no_orphans: { count: 0 },
  no_large_files: { count: 0 },
  no_dead_code: { count: 0 },
  no_notebook_outputs: { count: 0 },
  no_secrets: { count: 0 },
};

describe('hygieneScore()', () => {
  it('has the factor of every step of every component', () => {
    const steps: [keyof HygieneCounts, [count: number, score: number][]][] = [
      [
        'no_orphans',
        [
          [0, 100],
          [1, 94],
          [5, 94],
          [6, 88],
          [10, 88],
          [11, 82],
          [20, 82],
          [21, 76],
          [50, 76],
          [51, 70],
        ],
      ],
      [
        'no_large_files',
        [
          [0, 100],
          [3, 92.5],
          [4, 87.5],
          [5, 87.5],
          [6, 82.5],
          [10, 82.5],
          [11, 75],
        ],
      ],
      [
        'no_dead_code',
        [
          [0, 100],
          [10, 96],
          [11, 92],
          [20, 92],
          [21, 88],
          [50, 88],
          [51, 84],
        ],
      ],
      [
        'no_notebook_outputs',
        [
          [0, 100],
          [2, 95.5],
          [3, 92.5],
          [5, 92.5],
          [6, 89.5],
          [10, 89.5],
          [11, 85],
        ],
      ],
      [
        'no_secrets',
        [
          [0, 100],
          [1, 90],
          [99, 90],
        ],
      ],
    ];
    for (const [component, list] of steps)
      for (const [count, score] of list)
        assert.equal(hygieneScore({ ...NONE, [component]: { count } }).score, score, `${component} ${count}`);
  });

  it('shares the weight of what was not measured, and is null when nothing was', () => {
    const { score, components } = hygieneScore({ ...NONE, no_notebook_outputs: { reason: 'none' }, no_secrets: { count: 1 } });
    assert.equal(score, Math.round((75 / 85) * 1000) / 10);
    assert.deepEqual(components[3], { component: 'no_notebook_outputs', weight: 15, count: null, factor: null, reason: 'none' });
    const reason = { reason: 'nothing' };
    const nothing = hygieneScore({
      no_orphans: reason,
      no_large_files: reason,
      no_dead_code: reason,
      no_notebook_outputs: reason,
      no_secrets: reason,
    });
    assert.deepEqual([nothing.score, nothing.grade], [null, null]);
    assert.notEqual(nothing.reason, null);
  });

  it('grades', () => {
    const graded = (count: number): string | null =>
      hygieneScore({ ...NONE, no_orphans: { count }, no_secrets: { count: 1 }, no_large_files: { count } }).grade;
    assert.equal(hygieneScore(NONE).grade, 'A+');
    assert.equal(hygieneScore({ ...NONE, no_secrets: { count: 1 } }).grade, 'A');
    assert.deepEqual([graded(3), graded(5), graded(10), graded(99)], ['C+', 'C', 'D', 'F']);
  });
});

describe('measureHygiene()', () => {
  it('counts orphans, large files, dead code, notebooks and secrets of real files', async () => {
    const root = await folderOf({
      'artifacts/development/program.ts':
        "import { used } from './lib.js';\nexport const run = () => used;\nfunction dead() {}\nclass Gone {}\nimport { x } from './lib.ts';",
      'artifacts/development/lib.ts': 'export const used = 1; export const x = 2;',
      'artifacts/development/lonely.ts': 'export const nobody = 1;',
      'artifacts/development/lonely.test.ts': "import './nothing.ts';",
      'artifacts/data/train.csv': 'a,b',
      'artifacts/data/spare.csv': 'a,b',
      'artifacts/data/tool.py': 'print(1)',
      'artifacts/documentation/README.md': 'Trained on train.csv by tool.',
      'artifacts/planning/features.json': '[]',
      'artifacts/_internal/note.bin': 'x',
      'artifacts/data/look.ipynb': JSON.stringify({ cells: [{ outputs: [1] }, { outputs: [] }, {}] }),
      'artifacts/data/clean.ipynb': JSON.stringify({ cells: [{ outputs: [] }] }),
      'artifacts/.env': 'API_KEY=q9X2mB7vL0sT4kRz',
    });
    await writeFile(join(root, 'artifacts/data/large.bin'), '');
    await truncate(join(root, 'artifacts/data/large.bin'), 6 * 1024 * 1024);
    const hygiene = await measureHygiene(root, { clock: systemClock });
    const counts = Object.fromEntries(hygiene.components.map(({ component, count }) => [component, count]));
    assert.deepEqual(counts, { no_orphans: 5, no_large_files: 1, no_dead_code: 7, no_notebook_outputs: 1, no_secrets: 1 });
    const orphans = hygiene.findings.filter(({ message }) => message === 'nothing refers to it').map(({ file }) => file);
    assert.deepEqual(orphans, [
      'data/clean.ipynb',
      'data/large.bin',
      'data/look.ipynb',
      'data/spare.csv',
      'development/lonely.ts',
    ]);
    assert.equal(hygiene.score, Math.round(30 * 0.8 + 25 * 0.7 + 20 * 0.8 + 15 * 0.7 + 0));
    assert.equal(dirname(hygiene.findings[0]?.file ?? ''), '.');
  });

  it('says why what is not measured is not', async () => {
    const reasons = (files: Record<string, string>): Promise<(string | null)[]> =>
      surveyHere(files).then((survey) => hygieneOf(survey).components.map(({ reason }) => reason));
    assert.deepEqual(new Set(await reasons({})), new Set(['the workspace has no files']));
    assert.deepEqual(await reasons({ 'a.md': 'x', 'b.ipynb': '{' }), [
      null,
      null,
      'there is no TypeScript or JavaScript that can be parsed',
      '"b.ipynb" is no notebook that can be read',
      null,
    ]);
  });
});

describe('findOrphans()', () => {
  it('takes no file for referred to because it imports or names itself', async () => {
    const { files } = await surveyHere({
      'self.ts': "import './self.ts'; // self.ts",
      'pair-a.ts': "import './pair-b.ts';",
      'pair-b.ts': '',
    });
    assert.deepEqual(
      findOrphans(files).map(({ path }) => path),
      ['pair-a.ts', 'self.ts'],
    );
  });
});
