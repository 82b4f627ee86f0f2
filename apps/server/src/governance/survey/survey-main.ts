// The process of a survey: it reads what nobody trusts with a parser written in another language, which some texts end. It gets what it is told as
// one line of JSON on its standard input, and writes a line for each file; see `survey-workspace.ts`.
import { readFileSync, writeSync } from 'node:fs';
import { type SurveyOrder, examineFiles } from './examine-files.ts';

for await (const line of examineFiles(JSON.parse(readFileSync(0, 'utf8')) as SurveyOrder)) write(line);

/** Writes a line whole: what was written before the parser ends the process must be read. */
function write(line: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let from = 0; from < bytes.length;) {
    try {
      from += writeSync(1, bytes, from);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}
