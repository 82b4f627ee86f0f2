import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PlatformError, systemClock } from '@loopwright/protocol';
import { openServerDatabase } from './server-database.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-tables-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = (): ReturnType<typeof openServerDatabase> => openServerDatabase({ dir, durability: 'process', clock: systemClock });
const user = { user_id: 'ada', email: null, name: null, role: 'viewer', created_at: 1, last_seen_at: 1 } as const;

describe('openServerDatabase', () => {
  it('keeps what was written, over a restart', async () => {
    const first = open();
    await first.insertInto('users').values(user).execute();
    await first.destroy();
    const second = open();
    assert.partialDeepStrictEqual(await second.selectFrom('users').selectAll().execute(), [user]);
    const { numUpdatedRows } = await second
      .updateTable('users')
      .set({ role: 'admin' })
      .where('user_id', '=', 'ada')
      .executeTakeFirst();
    assert.equal(numUpdatedRows, 1n);
    await second.destroy();
  });

  it('writes a transaction as a whole, or nothing of it', async () => {
    const database = open();
    await assert.rejects(
      database.transaction().execute(async (transaction) => {
        await transaction.insertInto('users').values(user).execute();
        await transaction.insertInto('users').values(user).execute();
      }),
      /UNIQUE/,
    );
    assert.deepEqual(await database.selectFrom('users').selectAll().execute(), []);
    await database.destroy();
  });

  it('refuses tables of a newer program, a changed migration, and a file that is no database', async () => {
    await open().destroy();
    const raw = new DatabaseSync(join(dir, 'server.db'));
    raw.exec("INSERT INTO migrations VALUES ('9999-later.sql', 'x', 1)");
    assert.throws(open, isFailure(/9999-later/));
    raw.exec("DELETE FROM migrations WHERE name = '9999-later.sql'; UPDATE migrations SET digest = 'other'");
    assert.throws(open, isFailure(/is not the one that was applied/));
    raw.close();
    await rm(join(dir, 'server.db-wal'), { force: true });
    await writeFile(join(dir, 'server.db'), 'no database, but long enough to look like one'.repeat(30));
    assert.throws(open, isFailure(/not a database/));
  });
});

function isFailure(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof PlatformError && error.code === 'STORE_FAILED' && pattern.test(error.message);
}
