import type { Clock, ModuleInit, Random } from '@loopwright/protocol';
import { ModuleTrace } from './module-trace.ts';
import type { ModuleContext } from './serve-module.ts';

/** Set by an orchestrator that exports spans. */
const WANTED = 'LOOPWRIGHT_TRACE';
/** The trace of a module as its init line wants it: over the module channel, or nowhere. */
export function openModuleTrace(
  { env }: Pick<ModuleInit, 'env'>,
  { clock, random, sendSpans }: { readonly clock: Clock; readonly random: Random } & Pick<ModuleContext, 'sendSpans'>,
): ModuleTrace {
  return new ModuleTrace(env[WANTED] === '1' ? { clock, random, send: sendSpans } : null);
}
