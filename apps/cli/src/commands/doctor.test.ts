import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';

const MAIN = join(import.meta.dirname, '../main.ts');
const reportSchema = z.object({ healthy: z.boolean(), findings: z.array(z.object({ severity: z.string(), check: z.string() })) });

function doctor(...flags: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--conditions=loopwright-source', MAIN, 'doctor', ...flags], { encoding: 'utf8' });
}

describe('loopwright doctor', () => {
  it('ends with 0 when nothing has to be dealt with and with 1 when something has, for people and for programs', () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-doctor-'));
    const empty = doctor('--data-dir', dir);
    assert.equal(empty.status, 0, empty.stderr);
    assert.match(empty.stdout, /There is no store[^]*The store is sound/);
    mkdirSync(join(dir, 'engine'), { mode: 0o700 });
    writeFileSync(join(dir, 'engine/engine.db'), 'no database'.repeat(1000));
    const broken = doctor('--data-dir', dir);
    assert.equal(broken.status, 1);
    assert.match(broken.stdout, /ERROR store: The store cannot be read: [^]*How to fix: /);
    const machine = doctor('--json', '--data-dir', dir);
    assert.equal(machine.status, 1);
    const { healthy, findings } = reportSchema.parse(JSON.parse(machine.stdout));
    assert.equal(healthy, false);
    assert.ok(findings.some(({ severity, check }) => severity === 'error' && check === 'store'));
    const untouched = doctor('--accept-loss', '--data-dir', mkdtempSync(join(dir, 'empty-')));
    assert.equal(untouched.status, 0, untouched.stderr);
    assert.match(untouched.stdout, /accept-loss: Nothing is lost, and nothing was changed/);
    rmSync(dir, { recursive: true });
  });
});
