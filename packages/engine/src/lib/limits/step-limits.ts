import { DEFAULT_PRIORITY } from '@loopwright/protocol';
import type { StepAddress } from '../context/durable-context.ts';
import type { Life } from '../embedded/life.ts';
import type { Note } from '../embedded/life-host.ts';
import { beginAttempt, countAttempt } from './budget-use.ts';
import { hasLimit } from './budget.ts';
import type { TurnRequest, Turnstile } from './turnstile.ts';

/** Ends a turn; must be called when the step has ended. */
type Leave = () => void;

/** A step that has begun. */
interface Begun {
  /** Absent where there are no turns. */
  readonly leave?: Leave;
  /** Gives what records that it began, unless that is written by now: whoever takes it writes it with what follows. */
  readonly takeBegin: () => Note | undefined;
}

const ALREADY_WRITTEN = (): undefined => undefined;

/**
 * Lets a step begin when nothing limits it any more: its execution is not paused, it has its turn, and no budget is used up; then `begun`
 * records it. At once where there is neither a turnstile nor a budget. Like everything of a {@link Life}, it may never settle.
 */
export function beginStep(life: Life, address: StepAddress, begun: Note): Promise<Begun> | Begun {
  const { turnstile, store } = life.host;
  const { limits } = store.read;
  const { executionId } = life;
  const budgets = limits.hasBudgets() ? limits.payers(executionId).flatMap((payer) => limits.budget(payer) ?? []) : [];
  const isLimited = budgets.some(hasLimit);
  const note: Note = (transaction, at) => {
    if (budgets.length > 0) countAttempt(transaction, executionId);
    begun(transaction, at);
  };
  if (turnstile !== undefined || isLimited)
    return waitForTurn(life, address, { turnstile, isLimited, begun: isLimited ? begun : note });
  return { takeBegin: life.noteSoon(note, address.key) };
}

async function waitForTurn(
  life: Life,
  address: StepAddress,
  { turnstile, isLimited, begun }: { turnstile: Turnstile | undefined; isLimited: boolean; begun: Note },
): Promise<Begun> {
  for (;;) {
    await life.open(address.key);
    const leave = turnstile === undefined ? (): void => undefined : await takeTurn(life, address, turnstile);
    if (life.isOpen(address.key)) {
      if (!isLimited) return { leave, takeBegin: life.noteSoon(begun, address.key) };
      // A pause that comes after the attempt was counted finds the step under way: else the attempt would be lost.
      if ((await countsAttempt(life, address, begun)) && life.goesOn(address.key)) return { leave, takeBegin: ALREADY_WRITTEN };
    }
    leave();
  }
}

async function takeTurn(life: Life, address: StepAddress, turnstile: Turnstile): Promise<Leave> {
  const { store } = life.host;
  const { executionId } = life;
  const request: TurnRequest = {
    executionId,
    workflow: store.read.execution(executionId)?.workflow ?? '',
    priority: store.read.limits.admission(executionId)?.priority ?? DEFAULT_PRIORITY,
    step: address.name,
    rate: address.call ?? '',
    isStep: true,
  };
  return life.aside(address.key, async (signal) => turnstile.enter(request, signal));
}

/** Counts the attempt and notes that it began, or finds that the execution is paused by now, perhaps by this. */
async function countsAttempt(life: Life, address: StepAddress, begun: Note): Promise<boolean> {
  const { store, clock } = life.host;
  const { executionId } = life;
  try {
    return await life.during(address.key, () =>
      store.write((transaction) => {
        if (life.isOver(transaction, address.key)) return false;
        const at = clock.now();
        const counts = beginAttempt(transaction, executionId, at);
        if (counts) begun(transaction, at);
        // Who paused it may not know that the commit succeeded.
        else if (transaction.status(executionId) === 'paused') life.pause();
        return counts;
      }),
    );
  } catch (error) {
    life.host.storeFailed(executionId, error);
    return false;
  }
}
