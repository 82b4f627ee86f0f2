import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillStore } from './fill-store.ts';

/** Figures of one store, by name: milliseconds, or megabytes where the name says so. */
export interface StoredFigures {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** Measures an empty store and one that holds a million ended and a hundred thousand parked executions (a tenth of that when quick). */
export async function measureStored({ quick, tell }: { quick: boolean; tell: (text: string) => void }): Promise<StoredFigures[]> {
  const sizes = quick ? { ended: 100_000, parked: 10_000 } : { ended: 1_000_000, parked: 100_000 };
  const stores = [
    { name: 'empty', ended: 0, parked: 0 },
    { name: `${sizes.ended.toLocaleString('en')} ended, ${sizes.parked.toLocaleString('en')} parked`, ...sizes },
  ];
  const measured: StoredFigures[] = [];
  for (const { name, ended, parked } of stores) {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
    tell(`filling a store: ${name} …`);
    await fillStore(dir, { ended, parked });
    tell(`measuring a store: ${name}`);
    const script = join(import.meta.dirname, 'stored-child.ts');
    const run = (): Record<string, number> => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=loopwright-source', script, dir], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`Cannot measure the store "${name}": ${stderr}`);
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, number>;
    };
    // The first start reads the file into the memory of the machine, as one that was just written is.
    run();
    measured.push({ name, figures: run() });
    rmSync(dir, { recursive: true });
  }
  return measured;
}
