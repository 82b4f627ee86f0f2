import assert from 'node:assert/strict';
import { mkdtemp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type ArtifactResult, artifactResultSchema, type CodeArtifact } from '@loopwright/protocol';
import { ArtifactProcessor } from './artifact-processor.ts';
import { ArtifactProcessorError } from './artifact-processor-error.ts';
import { ARTIFACT_LIMITS } from './limits.ts';

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'loopwright-artifacts-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
const artifact = (file_path: string, content = file_path, artifact_type: CodeArtifact['artifact_type'] = 'source_code') => ({
  file_path,
  content,
  artifact_type,
  language: null,
  description: null,
});
function resultWith(artifacts: CodeArtifact[], more: Partial<ArtifactResult> = {}): ArtifactResult {
  const fields = artifactResultSchema.parse({
    execution_id: 'exec-12345',
    status: 'SUCCESS',
    started_at: '2026-01-01T00:00:00Z',
    completed_at: '2026-01-01T00:00:45Z',
    duration_seconds: 45.23,
  });
  return { ...fields, artifacts, ...more };
}
const treeOf = async (path: string): Promise<string[]> => (await readdir(path, { recursive: true })).sort();

describe('ArtifactProcessor.processResult', () => {
  it('writes the files, makes folders and counts by type', async () => {
    await using base = await folder();
    const processor = new ArtifactProcessor({ basePath: join(base.path, 'new', 'out') });
    const stats = await processor.processResult(
      resultWith([artifact('src/a/b.ts', 'B'), artifact('./src//c.ts', 'C'), artifact('test/a.test.ts', 'T', 'test')]),
    );
    assert.deepEqual([stats.written, stats.skipped, stats.errors, stats.total_artifacts], [3, 0, 0, 3]);
    assert.deepEqual(stats.files_by_type, { source_code: 2, test: 1 });
    assert.equal(await readFile(join(base.path, 'new/out/src/c.ts'), 'utf8'), 'C');
    assert.deepEqual(await treeOf(join(base.path, 'new/out')), [
      'src',
      'src/a',
      'src/a/b.ts',
      'src/c.ts',
      'test',
      'test/a.test.ts',
    ]);
  });

  it('replaces files, or keeps and counts them', async () => {
    await using base = await folder();
    await writeFile(join(base.path, 'a.ts'), 'old');
    const keep = new ArtifactProcessor({ basePath: base.path, overwrite: false });
    const kept = await keep.processResult(resultWith([artifact('a.ts', 'new'), artifact('b.ts'), artifact('b.ts', 'again')]));
    assert.deepEqual([kept.written, kept.skipped, kept.files_by_type['source_code']], [1, 2, 3]);
    assert.equal(await readFile(join(base.path, 'a.ts'), 'utf8'), 'old');
    assert.equal(await readFile(join(base.path, 'b.ts'), 'utf8'), 'b.ts');
    await new ArtifactProcessor({ basePath: base.path }).processResult(resultWith([artifact('a.ts', 'new')]));
    assert.equal(await readFile(join(base.path, 'a.ts'), 'utf8'), 'new');
    assert.deepEqual(await treeOf(base.path), ['a.ts', 'b.ts']);
  });

  it('skips what needs a folder that must not be made', async () => {
    await using base = await folder();
    const processor = new ArtifactProcessor({ basePath: base.path, createDirs: false });
    const stats = await processor.processResult(resultWith([artifact('a.ts'), artifact('x/b.ts')]));
    assert.deepEqual([stats.written, stats.skipped, stats.errors], [1, 1, 0]);
    const nowhere = new ArtifactProcessor({ basePath: join(base.path, 'missing'), createDirs: false });
    assert.equal((await nowhere.processResult(resultWith([artifact('a.ts')]))).skipped, 1);
    assert.deepEqual(await treeOf(base.path), ['a.ts']);
  });

  it('leaves no trace in a dry run and counts the same', async () => {
    await using base = await folder();
    await writeFile(join(base.path, 'a.ts'), 'old');
    const artifacts = [artifact('a.ts'), artifact('x/y.ts'), artifact('../z.ts')];
    const options = { basePath: base.path, overwrite: false };
    const dry = await new ArtifactProcessor({ ...options, dryRun: true }).processResult(resultWith(artifacts));
    assert.deepEqual(await treeOf(base.path), ['a.ts']);
    const real = await new ArtifactProcessor(options).processResult(resultWith(artifacts));
    assert.deepEqual(dry, real);
    const missing = join(base.path, 'not', 'there');
    const stats = await new ArtifactProcessor({ basePath: missing, dryRun: true }).processResult(resultWith(artifacts));
    assert.equal(stats.written, 2);
    assert.deepEqual(await treeOf(base.path), ['a.ts', 'x', 'x/y.ts']);
  });

  it('refuses every path that leaves the base or means another file elsewhere, and writes the others', async () => {
    await using outer = await folder();
    const base = join(outer.path, 'base');
    const hostile = [
      '../escape.ts',
      'a/../../escape.ts',
      'a/../b.ts',
      '/etc/escape.ts',
      'C:/escape.ts',
      'c:escape.ts',
      '\\\\server\\share\\x',
      'a\\..\\b.ts',
      'nul\0byte.ts',
      'line\nbreak.ts',
      'tab\t.ts',
      'bidi\u202Etxt.ts',
      'CON',
      'con.ts',
      'a/lpt1.txt',
      'COM¹.ts',
      'aux .ts',
      'dot.',
      'space ',
      'star*.ts',
      'stream.ts:hidden',
      'folder/',
      '..',
      '.',
      `${'ä'.repeat(128)}.ts`,
      'x/'.repeat(33) + 'y',
      'lone\uD800.ts',
      '',
    ];
    const stats = await new ArtifactProcessor({ basePath: base }).processResult(
      resultWith([...hostile.map((path) => artifact(path, 'x')), artifact('fine [id] ü.ts')]),
    );
    assert.deepEqual(
      stats.refused.map((entry) => entry.file_path),
      hostile,
    );
    assert.ok(stats.refused.every((entry) => entry.reason.length > 10));
    assert.deepEqual([stats.written, stats.errors], [1, hostile.length]);
    assert.deepEqual(await treeOf(outer.path), ['base', 'base/fine [id] ü.ts']);
  });

  it('keeps whatever a path may be made of inside the base', async () => {
    await using outer = await folder();
    const base = join(outer.path, 'base');
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      'a',
      'A',
      '/',
      '\\\\',
      'C:',
      '\0',
      'x.ts',
      ' ',
      '%2e%2e',
      '\u2025',
      '\uFF0E\uFF0E',
      '~',
      'é',
    );
    const path = fc.array(part, { maxLength: 7 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(fc.array(path, { maxLength: 6 }), async (paths) => {
        const stats = await new ArtifactProcessor({ basePath: base }).processResult(
          resultWith(paths.map((name) => artifact(name))),
        );
        assert.equal(stats.written + stats.skipped + stats.errors, paths.length);
        assert.deepEqual(await readdir(outer.path), ['base']);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses twins in case, Unicode form and folder-or-file', async () => {
    await using base = await folder();
    const stats = await new ArtifactProcessor({ basePath: base.path }).processResult(
      resultWith([
        artifact('Readme.md'),
        artifact('README.md'),
        artifact('caf\u00e9.ts'),
        artifact('cafe\u0301.ts'),
        artifact('stra\u00dfe.ts'),
        artifact('STRASSE.ts'),
        artifact('lib/x.ts'),
        artifact('LIB'),
        artifact('readme.md/y.ts'),
      ]),
    );
    assert.deepEqual([stats.written, stats.errors], [4, 5]);
    assert.match(stats.refused[0]?.reason ?? '', /differs only in case or Unicode form from "Readme.md"/);
  });

  it('follows no symbolic link inside the base', async () => {
    await using outer = await folder();
    const base = join(outer.path, 'base');
    await mkdir(base);
    await mkdir(join(outer.path, 'elsewhere'));
    await writeFile(join(outer.path, 'secret'), 'kept');
    await symlink(join(outer.path, 'elsewhere'), join(base, 'dir'));
    await symlink(join(outer.path, 'secret'), join(base, 'file'));
    await symlink(join(outer.path, 'missing'), join(base, 'dangling'));
    const stats = await new ArtifactProcessor({ basePath: base }).processResult(
      resultWith([artifact('dir/x'), artifact('dir/deep/x'), artifact('file'), artifact('dangling')]),
    );
    assert.deepEqual([stats.written, stats.errors], [0, 4]);
    assert.equal(await readFile(join(outer.path, 'secret'), 'utf8'), 'kept');
    assert.deepEqual(await readdir(join(outer.path, 'elsewhere')), []);
  });

  it('takes a base that is itself a link', async () => {
    await using outer = await folder();
    await mkdir(join(outer.path, 'real'));
    await symlink(join(outer.path, 'real'), join(outer.path, 'base'));
    const stats = await new ArtifactProcessor({ basePath: join(outer.path, 'base') }).processResult(
      resultWith([artifact('a/b')]),
    );
    assert.equal(stats.written, 1);
  });

  it('refuses what is past the limits of number and size', async () => {
    await using base = await folder();
    const processor = new ArtifactProcessor({ basePath: base.path, dryRun: true });
    const many = Array.from({ length: ARTIFACT_LIMITS.count + 2 }, (_, index) => artifact(`f${index}`, ''));
    assert.deepEqual((await processor.processResult(resultWith(many))).refused.length, 2);
    const full = 'x'.repeat(ARTIFACT_LIMITS.fileBytes);
    const stats = await processor.processResult(
      resultWith([artifact('big', `${full}x`), ...['a', 'b', 'c', 'd', 'e'].map((name) => artifact(name, full))]),
    );
    assert.deepEqual(
      stats.refused.map((entry) => entry.file_path),
      ['big', 'e'],
    );
  });

  it('writes all or nothing when told to', async () => {
    await using base = await folder();
    await writeFile(join(base.path, 'a.ts'), 'old');
    await mkdir(join(base.path, 'taken'));
    const processor = new ArtifactProcessor({ basePath: base.path, allOrNothing: true });
    const refused = await processor.processResult(resultWith([artifact('a.ts', 'new'), artifact('../b.ts')]));
    assert.deepEqual([refused.written, refused.errors], [0, 2]);
    const blocked = await processor.processResult(resultWith([artifact('a.ts', 'new'), artifact('taken')]));
    assert.deepEqual([blocked.written, blocked.errors], [0, 2]);
    assert.equal(await readFile(join(base.path, 'a.ts'), 'utf8'), 'old');
    const fine = await processor.processResult(resultWith([artifact('a.ts', 'new'), artifact('x/y/z.ts'), artifact('x/w.ts')]));
    assert.deepEqual([fine.written, fine.errors], [3, 0]);
    assert.equal(await readFile(join(base.path, 'a.ts'), 'utf8'), 'new');
    assert.deepEqual(await treeOf(base.path), ['a.ts', 'taken', 'x', 'x/w.ts', 'x/y', 'x/y/z.ts']);
  });
});

describe('ArtifactProcessor.writeArtifact', () => {
  it('tells whether it wrote, and throws the reason when it is refused', async () => {
    await using base = await folder();
    const processor = new ArtifactProcessor({ basePath: base.path, overwrite: false });
    assert.equal(await processor.writeArtifact(artifact('a.ts')), true);
    assert.equal(await processor.writeArtifact(artifact('a.ts')), false);
    await assert.rejects(processor.writeArtifact(artifact('../a.ts')), ArtifactProcessorError);
  });
});

describe('ArtifactProcessor validation', () => {
  const tests = {
    test_command: 'pytest tests/',
    exit_code: 1,
    stdout: '',
    stderr: '',
    tests_passed: 8,
    tests_failed: 2,
    duration_seconds: 2.15,
  };

  it('warns in the words and the order of the source', () => {
    const processor = new ArtifactProcessor({ basePath: '/nowhere' });
    const failed = resultWith([], { status: 'FAILURE', error_message: 'boom', warnings: ['slow'] });
    assert.deepEqual(processor.validateResult(failed), [
      'Result status is FAILURE: boom',
      'No artifacts in result',
      'No test results - tests may not have run',
      'PTC error: boom',
      'PTC warning: slow',
    ]);
    const timeout = resultWith([artifact('a'), artifact('a'), artifact('b')], { status: 'TIMEOUT', test_results: tests });
    assert.deepEqual(processor.validateResult(timeout), [
      'Result status is TIMEOUT - code may be incomplete',
      'Duplicate file paths: a',
      '2 test(s) failed',
    ]);
  });

  it('writes with warnings, and nothing when they are to stop it', async () => {
    await using base = await folder();
    const processor = new ArtifactProcessor({ basePath: base.path });
    const result = resultWith([artifact('a.ts')]);
    await assert.rejects(
      processor.processWithValidation(result, { failOnWarnings: true }),
      /Validation failed with 1 warnings: No test/,
    );
    assert.deepEqual(await treeOf(base.path), []);
    const stats = await processor.processWithValidation(result);
    assert.deepEqual([stats.written, stats.validation_warnings.length], [1, 1]);
  });

  it('sums a result up for people', () => {
    const processor = new ArtifactProcessor({ basePath: '/nowhere' });
    const names = ['main.py', 'models.py', 'routes.py', 'a.py', 'b.py', 'c.py', 'd.py'];
    const usage = {
      provider: 'claude',
      model: 'm',
      prompt_tokens: 4000,
      completion_tokens: 250,
      total_tokens: 4250,
      api_calls: 1,
    };
    const summary = processor.getArtifactSummary(
      resultWith([artifact('tests/test_main.py', '', 'test'), ...names.map((name) => artifact(name))], {
        test_results: { ...tests, tests_failed: 0 },
        llm_usage: [{ ...usage, cost_usd: 0.0128 }],
      }),
    );
    assert.equal(
      summary,
      `Execution: exec-12345
Status: SUCCESS
Duration: 45.23s
Artifacts: 8
  source_code: 7 files
    - main.py
    - models.py
    - routes.py
    - a.py
    - b.py
    ... and 2 more
  test: 1 files
    - tests/test_main.py

Test Results:
  Command: pytest tests/
  Passed: 8
  Failed: 0
  Duration: 2.15s

LLM Usage:
  Total tokens: 4,250
  Total cost: $0.0128`,
    );
  });
});
