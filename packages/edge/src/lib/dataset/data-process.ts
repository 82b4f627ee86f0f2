// DuckDB in a process of its own, because a query may take any memory and any time: reads a job as one line, writes what came of it as another, and ends. Whoever
// started it watches it, and its input ends with them.
import { createInterface } from 'node:readline';
import { PlatformError, type ExecutionQueryResponse, messageOf } from '@loopwright/protocol';
import { type DataAnswer, type DataJob, dataJobSchema } from './data-job.ts';
import { openDayQueries } from './day-queries.ts';
import { executionsToParquet, figuresToParquet } from './export-parquet.ts';

async function run(job: DataJob): Promise<ExecutionQueryResponse | number> {
  switch (job.kind) {
    case 'query': {
      const queries = await openDayQueries(job.days);
      return queries.query(job.sql, job.limits).finally(() => queries.close());
    }
    case 'executions':
      return executionsToParquet(job.days, job.path);
    case 'figures':
      return figuresToParquet(job.figures, job.path);
  }
}

async function answer(line: string): Promise<DataAnswer> {
  try {
    return { result: await run(dataJobSchema.parse(JSON.parse(line))) };
  } catch (error) {
    if (!(error instanceof PlatformError)) return { error: { code: 'STORE_FAILED', message: messageOf(error) } };
    const { code, message, details } = error;
    return { error: { code, message, ...(details === undefined ? {} : { details }) } };
  }
}

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  void answer(line).then((given) => process.stdout.write(`${JSON.stringify(given)}\n`, () => process.exit()));
});
lines.once('close', () => process.exit(1));
