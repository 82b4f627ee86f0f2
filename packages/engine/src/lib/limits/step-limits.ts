import { DEFAULT_PRIORITY } from '@loopwright/protocol';
import type { StepAddress } from '../context/durable-context.ts';
import type { Life } from '../embedded/life.ts';
import { beginAttempt, countAttempt } from './budget-use.ts';
import { hasLimit } from './budget.ts';
import type { TurnRequest, Turnstile } from './turnstile.ts';

/** Ends a turn; must be called when the step has ended. */
type Leave = () => void;

/**
 * Lets a step begin when nothing limits it any more: its execution is not paused, it has its turn, and no budget is used up. Gives
 * nothing at once where there is neither a turnstile nor a budget. Like everything of a {@link Life}, it may never settle.
 */
export function beginStep(life: Life, address: StepAddress): Promise<Leave> | undefined {
  const { turnstile, store } = life.host;
  const { limits } = store.read;
  const { executionId } = life;
  if (turnstile === undefined && !limits.hasBudgets()) return undefined;
  const budgets = limits.hasBudgets() ? limits.payers(executionId).flatMap((payer) => limits.budget(payer) ?? []) : [];
  if (turnstile === undefined && budgets.length === 0) return undefined;
  const isLimited = budgets.some(hasLimit);
  if (budgets.length > 0 && !isLimited) life.note((transaction) => countAttempt(transaction, executionId), address.key);
  return waitForTurn(life, address, { turnstile, isLimited });
}

async function waitForTurn(
  life: Life,
  address: StepAddress,
  { turnstile, isLimited }: { turnstile: Turnstile | undefined; isLimited: boolean },
): Promise<Leave> {
  for (;;) {
    await life.open(address.key);
    const leave = turnstile === undefined ? (): void => undefined : await takeTurn(life, address, turnstile);
    // A pause that comes after the attempt was counted finds the step under way: else the attempt would be lost.
    if (life.isOpen(address.key) && (!isLimited || ((await countsAttempt(life, address)) && life.goesOn(address.key))))
      return leave;
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

/** Counts the attempt, or finds that the execution is paused by now, perhaps by this: then its life knows since the commit. */
async function countsAttempt(life: Life, address: StepAddress): Promise<boolean> {
  const { store, clock } = life.host;
  const { executionId } = life;
  try {
    return await life.during(address.key, () =>
      store.write((transaction) => beginAttempt(transaction, executionId, clock.now())),
    );
  } catch (error) {
    life.host.storeFailed(executionId, error);
    return false;
  }
}
