import type { CheckpointComparison, CheckpointView, Json } from '@loopwright/protocol';
import { createTwoFilesPatch } from 'diff';
import { CHECKPOINT_LIMITS } from './limits.ts';
import type { Manifest, ManifestFile } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';

/** One side of a comparison. */
export interface ComparedSide {
  readonly view: CheckpointView;
  readonly manifest: Manifest;
}

/** What two checkpoints of a run differ in: files, with the lines of small texts, the state of the run, and gates. */
export async function compareCheckpoints(
  { from, to }: { from: ComparedSide; to: ComparedSide },
  objects: ObjectStore,
): Promise<CheckpointComparison> {
  const before = new Map(from.manifest.map((file) => [file.path, file]));
  const after = new Map(to.manifest.map((file) => [file.path, file]));
  const changed: CheckpointComparison['files']['changed'] = [];
  let left: number = CHECKPOINT_LIMITS.diffCharacters;
  for (const file of to.manifest) {
    const old = before.get(file.path);
    if (old === undefined || old.digest === file.digest) continue;
    const shown =
      left > 0 ? await diffOf(old, file, objects) : { diff: null, diff_reason: 'the differences are too long together' };
    left -= shown.diff?.length ?? 0;
    changed.push({ path: file.path, from: old, to: file, ...shown });
  }
  return {
    run_id: from.view.run_id,
    from: from.view.checkpoint_id,
    to: to.view.checkpoint_id,
    files: {
      added: to.manifest.filter(({ path }) => !before.has(path)),
      removed: from.manifest.filter(({ path }) => !after.has(path)),
      changed,
      unchanged: to.manifest.filter(({ path, digest }) => before.get(path)?.digest === digest).length,
    },
    state: stateDifferences(from.view.state, to.view.state),
    gates: gateDifferences(from.view.governance, to.view.governance),
  };
}

async function diffOf(
  from: ManifestFile,
  to: ManifestFile,
  objects: ObjectStore,
): Promise<{ diff: string | null; diff_reason: string | null }> {
  const limit = CHECKPOINT_LIMITS.diffBytes;
  if (from.bytes > limit || to.bytes > limit) return { diff: null, diff_reason: `one side has more than ${limit} bytes` };
  const [before, after] = [await objects.read(from.digest, limit), await objects.read(to.digest, limit)].map(textOf);
  if (before === undefined || after === undefined) return { diff: null, diff_reason: 'one side is no text' };
  const diff = createTwoFilesPatch(`a/${from.path}`, `b/${to.path}`, before, after, undefined, undefined, {
    context: 3,
    maxEditLength: CHECKPOINT_LIMITS.diffEdits,
    timeout: CHECKPOINT_LIMITS.diffMs,
  });
  if (diff === undefined) return { diff: null, diff_reason: 'the sides differ in too many lines' };
  return { diff, diff_reason: null };
}

function textOf(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

function stateDifferences(from: CheckpointView['state'], to: CheckpointView['state']): CheckpointComparison['state'] {
  return Object.entries(to).flatMap(([member, value]) => {
    const before: Json = from[member as keyof typeof from];
    return JSON.stringify(before) === JSON.stringify(value) ? [] : [{ member, from: before, to: value }];
  });
}

function gateDifferences(from: CheckpointView['governance'], to: CheckpointView['governance']): CheckpointComparison['gates'] {
  const keys = new Set(
    [from, to].flatMap((side) =>
      Object.entries(side).flatMap(([phase, gates]) => gates.map(({ gate_id }) => `${phase}\0${gate_id}`)),
    ),
  );
  return [...keys].flatMap((key) => {
    const [phase = '', gateId = ''] = key.split('\0');
    const find = (side: CheckpointView['governance']): { status: string; actual: number | null } | null => {
      const gate = side[phase]?.find(({ gate_id }) => gate_id === gateId);
      return gate === undefined ? null : { status: gate.status, actual: gate.actual };
    };
    const [before, after] = [find(from), find(to)];
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ phase, gate_id: gateId, from: before, to: after }];
  });
}
