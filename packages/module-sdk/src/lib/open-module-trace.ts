import type { Clock, ModuleInit, Random } from '@loopwright/protocol';
import { ModuleTrace } from './module-trace.ts';

/** Set by an orchestrator that exports spans. */
const WANTED = 'LOOPWRIGHT_TRACE';
/** Bytes on their way to an orchestrator that does not read; spans must not fill the memory of a module. */
const UNREAD_BYTES = 256 * 1024;

/** The trace of a module as its init line wants it: to standard output, where the protocol is, or nowhere. */
export function openModuleTrace(
  { env }: Pick<ModuleInit, 'env'>,
  { clock, random }: { clock: Clock; random: Random },
): ModuleTrace {
  if (env[WANTED] !== '1') return new ModuleTrace(null);
  return new ModuleTrace({
    clock,
    random,
    send: (message) => {
      if (process.stdout.writableLength > UNREAD_BYTES) return false;
      process.stdout.write(`${JSON.stringify(message)}\n`);
      return true;
    },
  });
}
