import { accessSync, constants, existsSync, statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@loopwright/protocol';
import { FIX, describeDamage } from '../store/check-files.ts';
import type { Durability } from '../store/sqlite-store.ts';
import { hasLostCommits, readLog } from '../store/write-ahead-log.ts';
import type { Finding } from './finding.ts';

const MIB = 1024 * 1024;
/** With less free space than this, a checkpoint of the journal may fail. */
const SPACE_NEEDED = 128 * MIB;
/** With less free space than this, it is time to look for more. */
const SPACE_WANTED = 1024 * MIB;
/** The oldest version of Node.js that is supported. */
const NODE_MAJOR = 24;

/** Looks at what is around a store: the program, the folder, the disk, and the log that a dead process left. */
export function* examineFolder(
  dir: string,
  { isServed, durability }: { isServed: boolean; durability: Durability },
): Generator<Finding> {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR) {
    yield {
      severity: 'error',
      check: 'node',
      message: `This is Node.js ${process.versions.node}, which is too old`,
      fix: `Use Node.js ${NODE_MAJOR} or later`,
    };
  }
  yield* permissions(dir);
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  if (free < SPACE_WANTED) {
    yield {
      severity: free < SPACE_NEEDED ? 'error' : 'warning',
      check: 'disk-space',
      message: `The disk of the folder has ${Math.floor(free / MIB)} MiB left; a full disk stops all work`,
      fix: 'Make space, or set executions_retention_days',
    };
  }
  if (!isServed) yield* damagedLog(join(dir, 'engine.db'), durability);
}

function* permissions(dir: string): Generator<Finding> {
  for (const path of [dir, join(dir, 'engine.db'), join(dir, 'values')].filter((one) => existsSync(one))) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
    } catch (error) {
      yield {
        severity: 'error',
        check: 'permissions',
        message: `The server could not write as this user: ${messageOf(error)}`,
        fix: 'Give the folder and its files to the user that runs the server',
      };
    }
  }
  if (process.platform !== 'win32' && (statSync(dir).mode & 0o077) !== 0) {
    yield {
      severity: 'warning',
      check: 'permissions',
      message: `Others on this machine can look into "${dir}", where inputs, results and answers are`,
      fix: `chmod 700 "${dir}"`,
    };
  }
}

function* damagedLog(file: string, durability: Durability): Generator<Finding> {
  const log = readLog(file);
  if (log === undefined || !hasLostCommits(log, durability)) return;
  yield {
    severity: 'error',
    check: 'write-ahead-log',
    message: `Acknowledged work is lost: ${describeDamage(log)}`,
    fix: FIX,
  };
}
