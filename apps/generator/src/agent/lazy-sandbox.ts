import { type Jail, type Sandbox, type SandboxHealth, openSandbox, tracedSandbox } from '@loopwright/edge';
import type { ModuleTrace } from '@loopwright/module-sdk';
import type { Clock } from '@loopwright/protocol';
import { SERVICE_LIMITS } from '../limits.ts';

/** A sandbox that starts with its first program: many services never test one. */
export interface LazySandbox {
  /** Throws SERVICE_UNAVAILABLE when it does not start; the next one tries again. */
  readonly open: () => Promise<Sandbox>;
  /** `null` while it has not started. */
  readonly health: () => SandboxHealth | null;
  readonly close: () => Promise<void>;
}

/** Makes one; whoever makes it closes it. */
export function lazySandbox({
  workers,
  timeoutMs,
  jail,
  clock,
  trace,
  log,
}: {
  readonly workers: number;
  readonly timeoutMs: number;
  readonly jail: () => Promise<Jail>;
  readonly clock: Clock;
  readonly trace?: ModuleTrace;
  readonly log: (message: string) => void;
}): LazySandbox {
  let opening: Promise<Sandbox> | undefined;
  let opened: Sandbox | undefined;
  const openInJail = async (): Promise<Sandbox> =>
    openSandbox({
      clock,
      jail: await jail(),
      workers,
      timeoutMs,
      memoryLimitMb: SERVICE_LIMITS.caseMemoryMb,
      log: (message) => log(message),
    });
  return {
    open: () => {
      opening ??= openInJail().then(
        (sandbox) => (opened = trace === undefined ? sandbox : tracedSandbox(sandbox, trace)),
        (error: unknown) => {
          opening = undefined;
          throw error;
        },
      );
      return opening;
    },
    health: () => opened?.health() ?? null,
    close: async () => (await opening?.catch(() => undefined))?.close(),
  };
}
