import type { Random } from '@loopwright/protocol';
import type { CrashPoint } from './crashing-server.ts';

/** The instants between two effects at which something acknowledged could be lost or something recorded repeated, in the order of the scenario. */
export const CRASH_POINTS: readonly (CrashPoint & { readonly name: string })[] = [
  { name: 'a run is stored and not begun', at: 'insert into "run_executions"', later: 2 },
  { name: 'the content of a checkpoint is being written', at: 'rename .*checkpoints/[0-9a-f-]+\\.tmp' },
  { name: 'a checkpoint is kept and not recorded', at: 'insert into "checkpoints"', later: 2 },
  { name: 'a model has answered and its price is not booked', at: 'insert into "model_usage"' },
  { name: 'an answer of a model is booked and not recorded', at: 'insert into "model_usage"', later: 1 },
  { name: 'an answer of a model is recorded and not written', at: 'open .*artifacts/one/\\.loopwright-' },
  { name: 'an artifact is written and not in its place', at: 'rename .*artifacts/one/\\.loopwright-' },
  { name: 'some artifacts of an answer are in their places', at: 'rename .*artifacts/one/\\.loopwright-', times: 2 },
  { name: 'a gate is evaluated and not kept', at: 'insert into "governance_checks"' },
  { name: 'a gate is evaluated and not recorded', at: 'insert into "governance_checks"', later: 1 },
  { name: 'the results of a gate are recorded and nobody is asked', at: 'insert into "governance_checks"', later: 6 },
  { name: 'an override is recorded and not shown', at: 'update "governance_checks" set "override"' },
  { name: 'a rollback is recorded and nothing is done', at: 'insert into "rollbacks"', later: 1 },
  { name: 'the files of a checkpoint are being put aside', at: 'open .*\\.rollback-[0-9a-f-]+/artifacts' },
  { name: 'the files of a checkpoint are aside, all of them', at: 'open .*\\.rollback-[0-9a-f-]+/complete', later: 1 },
  { name: 'the execution is cancelled and its files are there', at: 'mkdir .*/archive/' },
  { name: 'the artifacts are in the archive and nothing is in their place', at: 'rename .*/artifacts .*/archive/', later: 1 },
  {
    name: 'the artifacts are restored and the run is the old execution',
    at: 'rename .*\\.rollback-.*/artifacts .*/artifacts$',
    later: 1,
  },
  { name: 'the run is the new execution, which is not begun', at: 'insert into "run_executions" .*rollback', later: 2 },
  { name: 'the new execution has begun and the rollback is not done', at: 'update "checkpoints" set "archived_by"' },
  { name: 'a rollback is done and not answered', at: 'update "rollbacks" set "state"', later: 2 },
  { name: 'a run that advances by itself waits at its second gate', at: 'insert into "checkpoints".* POST', times: 7, later: 5 },
  { name: 'a delivery has arrived and is not settled', at: 'update "webhook_deliveries" set "status"' },
  { name: 'a delivery is settled', at: 'update "webhook_deliveries" set "status"', later: 3 },
  {
    name: 'state.json is written and not in its place',
    at: 'rename .*/\\.loopwright-[0-9a-f-]+\\.tmp .*/state\\.json',
    times: 4,
  },
  { name: 'the row of a run has its end and state.json has not', at: 'update "runs" set .* completed ', later: 4 },
  { name: 'the last state.json is written and not in its place', at: 'update "runs" set .* completed ', later: 5 },
];

/** One to three instants anywhere in the lives of three processes, the starts included. */
export function randomPoints(random: Random): CrashPoint[] {
  return Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => ({ at: '.', later: Math.floor(random.next() * 700) }));
}
