import type { DatabaseSync } from 'node:sqlite';

/** Runs writes of one turn of the event loop in one transaction; each settles after its commit. */
export function groupedWrites(
  database: DatabaseSync,
  beforeCommit: () => void = () => undefined,
): (write: () => void) => Promise<void> {
  let waiting: { write: () => void; done: () => void }[] = [];
  return (write) =>
    new Promise((done) => {
      if (waiting.push({ write, done }) > 1) return;
      setImmediate(() => {
        const group = waiting;
        waiting = [];
        database.exec('BEGIN IMMEDIATE');
        for (const one of group) one.write();
        beforeCommit();
        database.exec('COMMIT');
        for (const one of group) one.done();
      });
    });
}
