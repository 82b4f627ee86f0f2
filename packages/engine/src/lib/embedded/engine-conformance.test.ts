import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { engineConformance } from '../conformance-suite/engine-conformance.ts';
import { Engine } from './engine.ts';
import { journalDir } from './engine-fixture.ts';

engineConformance('the embedded engine', {
  size: { killed: 100, steps: 1000 },
  world: async () => {
    const dir = journalDir();
    return {
      open: async (functions) => new Engine({ dir, durability: 'process', clock: systemClock, random: systemRandom, functions }),
      child: { module: join(import.meta.dirname, 'fixtures/conformance-child.ts'), world: dir },
      [Symbol.asyncDispose]: async () => rmSync(dir, { recursive: true, force: true }),
    };
  },
});
