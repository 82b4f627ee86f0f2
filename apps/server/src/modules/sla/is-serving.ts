import type { ModuleStatus } from '../module-spec.ts';

const SERVING: ReadonlyMap<ModuleStatus, boolean> = new Map([
  ['running', true],
  ['replacing', false],
  ['backing_off', false],
  ['failed', false],
]);

/** Whether a module serves; `undefined` while nobody wants it to, and before it was there for the first time. */
export function isServing(status: ModuleStatus, starts: number): boolean | undefined {
  if (status === 'starting') return starts > 1 ? false : undefined;
  if (status === 'waiting') return starts > 0 ? false : undefined;
  return SERVING.get(status);
}
