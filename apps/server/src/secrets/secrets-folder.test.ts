import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { secretsFolder } from './secrets-folder.ts';

describe('secretsFolder', () => {
  it('reads texts and objects by name, and nothing outside the folder', async () => {
    const root = mkdtempSync(join(tmpdir(), 'loopwright-secrets-'));
    const folder = join(root, 'secrets');
    mkdirSync(folder);
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(root, 'outside'), 'x');
    writeFileSync(join(folder, 'token'), 's3cret\n');
    writeFileSync(join(folder, 'user.json'), '{"username":"ann","password":"pw"}');
    const read = secretsFolder(folder);
    assert.equal(await read('token'), 's3cret');
    assert.deepEqual(await read('user.json'), { username: 'ann', password: 'pw' });
    assert.equal(await read('none'), undefined);
    assert.equal(await read('../outside'), undefined);
    await assert.rejects(async () => read('folder'), PlatformError);
  });
});
