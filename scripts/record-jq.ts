// Records what the `jq` on the PATH gives for each line of fixtures/jq-expressions.txt; the engine's own jq is compared with that.
// Its texts of errors are not recorded: only whether there was one.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const fixtures = join(import.meta.dirname, '..', 'packages', 'engine', 'src', 'lib', 'expression', 'fixtures');
const run = (args: readonly string[]): { stdout: string; status: number | null } => {
  const { stdout, status, error } = spawnSync('jq', args, { encoding: 'utf8', timeout: 10_000 });
  if (error !== undefined) throw new Error(`Cannot record ${args.join(' ')}: ${error.message}`, { cause: error });
  return { stdout, status };
};

const version = run(['--version']).stdout.trim();
const expressions = readFileSync(join(fixtures, 'jq-expressions.txt'), 'utf8').split('\n').filter(Boolean);
const lines = expressions.map((expression) => {
  const { stdout, status } = run(['-nc', expression]);
  const outputs: unknown[] = stdout
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
  return JSON.stringify({ expression, outputs, fails: status !== 0 });
});
writeFileSync(
  join(fixtures, 'jq-expectations.json'),
  `{"jq":${JSON.stringify(version)},"expectations":[\n${lines.join(',\n')}\n]}\n`,
);
process.stdout.write(`${expressions.length} expressions recorded from ${version}\n`);
