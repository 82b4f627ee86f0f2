import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type Clock, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import { type Python, openPython } from '../sandbox/python/open-python.ts';
import { PYTHON_FLAGS, pythonScript } from '../sandbox/python/python-guest.ts';
import { type BuiltProgram, type SourceIssue, checkSourceSize, refusedFor, sourceDigest } from './build-program.ts';

/** How long Python may look at a source, in milliseconds. */
const CHECK_LIMIT_MS = 10_000;
/** What the compiler may take: a syntax tree is many times as large as its text. In MB. */
const CHECK_MEMORY_MB = 512;

const place = z
  .int()
  .nullish()
  .transform((number) => (number == null || number < 1 ? undefined : number));
const answerSchema = z.strictObject({
  issues: z.array(z.strictObject({ message: z.string().max(1000), line: place, column: place })).max(20),
});

/** Looks at programs of Python, behind a jail that is opened when the first of them comes. */
export class PythonBuilder {
  readonly #clock: Clock;
  #python: Promise<Python> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Checks a program: its syntax, its function `run` of one argument, its imports. It is not run; its code is its source.
   *
   * @throws PlatformError INVALID_PROGRAM with the places in `details.issues`; LANGUAGE_UNAVAILABLE
   */
  async build(source: string): Promise<BuiltProgram> {
    checkSourceSize(source);
    this.#python ??= openPython({ clock: this.#clock, memoryLimitMb: CHECK_MEMORY_MB });
    const issues = await this.#check(await this.#python, source);
    if (issues.length > 0) throw refusedFor(issues);
    return { code: source, digest: sourceDigest(source) };
  }

  async #check({ jail, command }: Python, source: string): Promise<SourceIssue[]> {
    const { child, kill } = jail.start({ command, args: [...PYTHON_FLAGS, '-c', pythonScript('check-program')] });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(source);
    const cancel = this.#clock.schedule(CHECK_LIMIT_MS, kill);
    try {
      const [output] = await Promise.all([child.stdout === null ? '' : text(child.stdout), once(child, 'close')]);
      return answerSchema.parse(JSON.parse(output)).issues;
    } catch (error) {
      throw new PlatformError('INVALID_PROGRAM', 'Cannot build the program: the compiler stopped on it', { cause: error });
    } finally {
      cancel();
    }
  }
}
