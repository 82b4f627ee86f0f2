import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { fileOf, folderOf, surveyFiles, surveyHere, surveyOf } from './survey-fixture.ts';
import { surveyWorkspace } from './survey-workspace.ts';

describe('surveyWorkspace()', () => {
  it('gives digests, kinds, mentions and one digest of all, which a change changes', async () => {
    const files = { 'development/a.ts': 'export const a = 1;', 'planning/PRD.md': '# Plan\nSee a.ts and b.py.', 'b.py': 'x = 1' };
    const first = await surveyFiles(files);
    assert.deepEqual(
      first.files.map(({ path, kind }) => [path, kind]),
      [
        ['b.py', 'other'],
        ['development/a.ts', 'code'],
        ['planning/PRD.md', 'documentation'],
      ],
    );
    assert.deepEqual(fileOf(first, 'planning/PRD.md').mentions, ['a.ts', 'b.py']);
    assert.equal(fileOf(first, 'planning/PRD.md').headings, 1);
    assert.equal(first.left, null);
    assert.equal((await surveyHere(files)).digest, first.digest);
    assert.notEqual((await surveyHere({ ...files, 'b.py': 'x = 2' })).digest, first.digest);
  });

  it('is empty for a folder that is not there', async () => {
    const survey = await surveyOf('/nowhere/at/all');
    assert.deepEqual([survey.files, survey.left], [[], null]);
  });

  it('follows no link, opens no pipe, and reads a file of 1 GiB no further than it says', async () => {
    const outside = await folderOf({ 'secret.txt': 'AKIAIOSFODNN7EXAMPLE' });
    const root = await folderOf({ 'a.txt': 'a' });
    symlinkSync(join(outside, 'secret.txt'), join(root, 'link.txt'));
    symlinkSync(outside, join(root, 'folder'));
    symlinkSync('.', join(root, 'loop'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await writeFile(join(root, 'huge.bin'), '');
    await truncate(join(root, 'huge.bin'), 2 ** 30);
    const survey = await surveyOf(root);
    assert.deepEqual(
      survey.files.map(({ path, secrets }) => [path, secrets.total]),
      [
        ['a.txt', 0],
        ['huge.bin', 0],
      ],
    );
    assert.deepEqual(survey.links, ['folder', 'link.txt', 'loop', 'pipe']);
    assert.equal(fileOf(survey, 'huge.bin').bytes, 2 ** 30);
    assert.match(fileOf(survey, 'huge.bin').unread ?? '', /more bytes than are read/);
    assert.equal(survey.digest, null);
  });

  it('says that folders are nested too deep and that there are too many files', async () => {
    const root = await folderOf({ 'a.txt': 'a' });
    mkdirSync(join(root, ...Array.from({ length: 200 }, () => 'd')), { recursive: true });
    assert.match((await surveyOf(root)).left ?? '', /deeper than 64/);
    const many = await folderOf({ 'a.txt': 'a' });
    for (let number = 0; number < 50; number += 1) writeFileSync(join(many, `f${number}`), '');
    const survey = await surveyOf(many, { maxEntries: 50 });
    assert.match(survey.left ?? '', /more than 50 files/);
    assert.equal(survey.files.length, 50);
    assert.equal(survey.digest, null);
  });

  it('looks at invalid UTF-8, at UTF-16, and at nothing binary', async () => {
    const key = 'AKIAIOSFODNN7EXAMPLE';
    const survey = await surveyHere({
      'broken.txt': Buffer.concat([
        Buffer.from([0xff, 0xfe, 0x00].slice(0, 1)),
        Buffer.from([0xc3, 0x28]),
        Buffer.from(` ${key}`),
      ]),
      'wide.txt': Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(key, 'utf16le')]),
      'binary.bin': Buffer.from([1, 0, 2, 0, 3]),
    });
    assert.equal(fileOf(survey, 'broken.txt').secrets.total, 1);
    assert.equal(fileOf(survey, 'wide.txt').secrets.total, 1);
    assert.equal(fileOf(survey, 'binary.bin').isText, false);
  });

  it('comes to its end on lines of 5 MB and on texts made against its patterns', async () => {
    const size = 1024 * 1024;
    const repeat = (text: string): string => text.repeat(Math.ceil(size / text.length));
    const survey = await surveyFiles({
      'eyj.txt': repeat('eyJ'),
      'token.env': repeat('token_'),
      'colons.env': repeat('secret = '),
      'dashes.md': repeat('-'),
      'at.csv': repeat('a@a.'),
      'iban.csv': repeat('DE12 '),
      'sk.txt': repeat('sk-'),
      'key.txt': repeat('-----BEGIN RSA '),
      'min.js': `x="${'y'.repeat(3_900_000)}";`,
      'line.txt': 'a1_'.repeat(1_700_000),
    });
    assert.equal(survey.left, null);
    assert.equal(survey.files.length, 10);
    assert.ok(survey.files.every(({ unread }) => unread === null));
  });

  it('goes on behind a file on which the parser ends the process, and names it', async () => {
    const survey = await surveyFiles({
      'a.ts': 'export const a = 1;',
      'deep.ts': `const key = "AKIAIOSFODNN7EXAMPLE"; x=${'('.repeat(200_000)}`,
      'z.ts': 'export const z = 1;',
    });
    assert.equal(survey.left, null);
    assert.equal(fileOf(survey, 'deep.ts').code?.problem?.message, 'the parser ended on it');
    assert.equal(fileOf(survey, 'deep.ts').secrets.total, 1);
    assert.equal(fileOf(survey, 'z.ts').code?.problem, null);
  });

  it('gives up on a workspace that ends the process again and again, and says where', async () => {
    const bomb = `x=${'('.repeat(200_000)}`;
    const files = Object.fromEntries(Array.from({ length: 6 }, (_, number) => [`d${number}.ts`, bomb]));
    const survey = await surveyFiles(files);
    assert.match(survey.left ?? '', /"d3\.ts" ended the survey/);
    assert.equal(survey.digest, null);
  });

  it('stops with its signal', async () => {
    const root = await folderOf({ 'a.txt': 'a' });
    const stop = new AbortController();
    const ended = surveyWorkspace(
      { root, forbiddenTerms: [], colors: null, fonts: null, validators: [], runnable: false },
      { clock: systemClock, signal: stop.signal },
    );
    stop.abort(new Error('enough'));
    await assert.rejects(ended, /enough/);
  });

  it('finds terms as whole words, emojis, colours, fonts and personal data with their lines', async () => {
    const survey = await surveyHere(
      {
        'a.md': 'Synergy!\nNo synergyX.\nÄsynergy, re-synergy\n✅ done, (c) ©',
        'page.css': 'a { color: #ff0000; border: #0F0; font-family: "Arial", Roboto, sans-serif }',
        'data.csv': 'name,mail\nann,ann@corp.io\nbob,bob@example.com\nGB33BUKB20201555555555\n123-45-6789\n',
      },
      { forbiddenTerms: ['SYNERGY'], colors: ['#00ff00'], fonts: ['Roboto'] },
    );
    const page = fileOf(survey, 'page.css');
    assert.deepEqual(
      fileOf(survey, 'a.md').terms.places.map(({ line }) => line),
      [1, 3],
    );
    assert.deepEqual(fileOf(survey, 'a.md').emojis, { total: 1, places: [{ line: 4, message: 'the sign "✅"' }] });
    assert.deepEqual(
      page.colors.places.map(({ message }) => message),
      ['the colour #ff0000'],
    );
    assert.deepEqual(
      page.fonts.places.map(({ message }) => message),
      ['the font "Arial"'],
    );
    const data = fileOf(survey, 'data.csv');
    assert.deepEqual(data.personal.places, [
      { line: 2, message: 'an e-mail address' },
      { line: 4, message: 'a bank account number' },
    ]);
    assert.deepEqual(data.health.places, [{ line: 5, message: 'a social security number' }]);
  });

  it('checks documents against schemas of either draft, and says what is not there, not JSON or not a schema', async () => {
    const survey = await surveyHere(
      { 'planning/features.json': '[1, "a"]', 'broken.json': '{' },
      {
        validators: [
          { id: 'fits', file: 'planning/features.json', jsonSchema: { type: 'array' } },
          { id: 'not', file: 'planning/features.json', jsonSchema: { type: 'array', items: { type: 'number' } } },
          {
            id: 'old',
            file: 'planning/features.json',
            jsonSchema: { $schema: 'http://json-schema.org/draft-07/schema#', maxItems: 1 },
          },
          { id: 'gone', file: 'nothing.json' },
          { id: 'broken', file: 'broken.json', jsonSchema: {} },
          { id: 'bad', file: 'planning/features.json', jsonSchema: { type: 'nonsense' } },
        ],
      },
    );
    const errors = Object.fromEntries(survey.validations.map(({ id, errors: list }) => [id, list]));
    assert.deepEqual(errors['fits'], []);
    assert.deepEqual(errors['not'], ['/1 must be number']);
    assert.deepEqual(errors['old'], ['/ must NOT have more than 1 items']);
    assert.deepEqual(errors['gone'], ['the file is not there']);
    assert.match(errors['broken']?.[0] ?? '', /not JSON/);
    assert.match(errors['bad']?.[0] ?? '', /schema of the gate cannot be used/);
  });
});
