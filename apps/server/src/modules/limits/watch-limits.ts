import type { Clock } from '@loopwright/protocol';
import type { ModuleLimits } from '../module-spec.ts';
import { processUse } from './process-tree.ts';

/** Looks again and again whether a process keeps its limits, and calls `onOver` once when it does not. The returned function ends that. */
export function watchLimits(
  pid: number,
  { memoryMb, processes }: ModuleLimits,
  { clock, everyMs, onOver }: { clock: Clock; everyMs: number; onOver: (reason: string) => void },
): () => void {
  if (memoryMb === undefined && processes === undefined) return () => undefined;
  let cancel: () => void = () => undefined;
  const look = (): void => {
    const use = processUse(pid);
    const reason = use === undefined ? undefined : overLimit(use, { memoryMb, processes });
    if (reason !== undefined) onOver(reason);
    else cancel = clock.schedule(everyMs, look);
  };
  cancel = clock.schedule(everyMs, look);
  return () => cancel();
}

function overLimit(
  use: { readonly memoryMb: number; readonly processes: number },
  limits: { readonly memoryMb: number | undefined; readonly processes: number | undefined },
): string | undefined {
  if (limits.memoryMb !== undefined && use.memoryMb > limits.memoryMb)
    return `it had ${Math.ceil(use.memoryMb)} MiB of memory, and may have ${limits.memoryMb}`;
  if (limits.processes !== undefined && use.processes > limits.processes)
    return `it had ${use.processes} processes, and may have ${limits.processes}`;
  return undefined;
}
