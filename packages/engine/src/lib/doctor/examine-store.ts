import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { builtInFunctions } from '../embedded/built-in-functions.ts';
import { type FunctionCatalogue, defineFunction } from '../interpreter/call-function.ts';
import { type Durability, SCHEMA_VERSION } from '../store/sqlite-store.ts';
import { examineExecutions } from './examine-executions.ts';
import { examineFolder } from './examine-folder.ts';
import { examineValues } from './examine-values.ts';
import { type Finding, severalFindings } from './finding.ts';
import { isServed, openForReading } from './open-for-reading.ts';

/** Which store is examined. */
export interface Examination {
  /** Folder of the engine's journal. */
  readonly dir: string;
  /** Names of the functions that definitions may call besides the engine's own. */
  readonly functions: readonly string[];
  readonly clock: Clock;
  /** What the server promises: less of a log is to be expected after a loss of power with `process`. */
  readonly durability: Durability;
}

/**
 * Examines the store of an engine, whether a process has it open or not, and changes nothing of it. It reads all of it, so it takes about a second for
 * every 100 MiB. It never throws: what cannot be read is a finding.
 */
export function examineStore({ dir, functions, clock, durability }: Examination): Finding[] {
  const findings: Finding[] = [];
  try {
    if (!existsSync(join(dir, 'engine.db'))) {
      return [
        {
          severity: 'info',
          check: 'store',
          message: `There is no store in "${dir}" yet`,
          fix: 'The server makes it when it starts',
        },
      ];
    }
    const served = isServed(dir);
    const who = served ? 'A process has the store open' : 'No process has the store open';
    findings.push(
      { severity: 'info', check: 'lock', message: who, fix: '' },
      ...examineFolder(dir, { isServed: served, durability }),
    );
    using opened = openForReading(dir, { served });
    const { database } = opened;
    const isKnown = examineSchema(database, findings);
    findings.push(...examinePages(database));
    if (!isKnown) return findings;
    const checks = { functions: catalogueOf(functions), now: clock.now(), isServed: served };
    findings.push(...examineValues(database, dir), ...examineExecutions(database, checks));
  } catch (error) {
    findings.push({
      severity: 'error',
      check: 'store',
      message: `The store cannot be read: ${messageOf(error)}`,
      fix: 'Check the permissions of the folder, or bring the store back from a backup',
    });
  }
  return findings;
}

/** Functions that are there and do nothing: definitions are only loaded. */
function catalogueOf(names: readonly string[]): FunctionCatalogue {
  const inert = defineFunction({ description: 'Is never called', arguments: z.unknown(), run: () => Promise.resolve(null) });
  return { ...builtInFunctions(), ...Object.fromEntries(names.map((name) => [name, inert])) };
}

/** Whether the tables are those that the other checks know. */
function examineSchema(database: DatabaseSync, findings: Finding[]): boolean {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > SCHEMA_VERSION) {
    findings.push({
      severity: 'error',
      check: 'schema',
      message: `The schema ${version} of the store is newer than this program's ${SCHEMA_VERSION}`,
      fix: 'Use the version of Loopwright that wrote it, or a later one',
    });
  } else if (version < SCHEMA_VERSION) {
    const message = `The store has schema ${version}; this program's ${SCHEMA_VERSION} is made of it at the next start`;
    findings.push({ severity: 'info', check: 'schema', message, fix: '' });
  }
  return version >= 2 && version <= SCHEMA_VERSION;
}

function* examinePages(database: DatabaseSync): Generator<Finding> {
  const damages = database
    .prepare('PRAGMA integrity_check(50)')
    .all()
    .map((row) => String(row['integrity_check']))
    .filter((text) => text !== 'ok');
  yield* severalFindings(damages, (text) => ({
    severity: 'error',
    check: 'integrity',
    message: `The database is damaged: ${text}`,
    fix: 'Stop the server and bring the store back from a backup',
  }));
  const orphans = database.prepare('PRAGMA foreign_key_check').all();
  yield* severalFindings(orphans, ({ table, parent }) => ({
    severity: 'error',
    check: 'orphans',
    message: `A row of "${String(table)}" belongs to a row of "${String(parent)}" that is not there`,
    fix: 'Bring the store back from a backup; without one, report it',
  }));
}
