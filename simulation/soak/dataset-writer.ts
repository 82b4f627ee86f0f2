// Writes executions as fast as it can and says which are acknowledged, until it is killed.
import { writeSync } from 'node:fs';
import { ExecutionLog } from '@loopwright/edge';
import { isoTime, systemClock } from '@loopwright/protocol';

const WRITERS = 64;
const [dir = '', run = '', durability = 'process'] = process.argv.slice(2);
const log = await ExecutionLog.open({
  dir,
  taskId: 'soak',
  clock: systemClock,
  durability: durability === 'full' ? 'full' : 'process',
});
let next = 0;
let acknowledged: string[] = [];

async function write(): Promise<never> {
  for (;;) {
    const id = `${run}-${(next += 1)}`;
    await log.append({
      id,
      program_id: 'p',
      task_id: 'soak',
      version: 1,
      input_data: { text: `line one\nline two ${'x'.repeat(next % 700)}` },
      output_data: { result: 'ham' },
      latency_ms: (next % 1000) / 8,
      memory_usage_mb: null,
      status: next % 7 === 0 ? 'error' : 'success',
      error_message: null,
      sampled_for_validation: false,
      validation_id: null,
      executed_at: isoTime(systemClock.now()),
    });
    if (acknowledged.push(id) === 1) setImmediate(tell);
  }
}

function tell(): void {
  const lines = acknowledged.join('\n');
  acknowledged = [];
  writeSync(1, `${lines}\n`);
}

setInterval(() => void log.rollOver(), 50);
await Promise.all(Array.from({ length: WRITERS }, write));
