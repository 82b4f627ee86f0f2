import { DATA_BLOCK_RULE, dataBlock } from '@loopwright/models';
import type { LabelledExample } from '@loopwright/protocol';
import type { ModelTask } from '../loop/model-task.ts';

/** What a prompt is made of. */
export interface TaskPrompt {
  readonly task: ModelTask;
  /** The examples that are shown. */
  readonly shown: readonly LabelledExample[];
  /** Dependencies that programs may have. */
  readonly dependencies: readonly string[];
  /** The granted tools as a TypeScript declaration; `null` for none. */
  readonly toolTypes: string | null;
}

const WORDS = {
  typescript: {
    start:
      'You write TypeScript programs that are type-checked strictly, tested, and run in a sandbox of plain ECMAScript 2024: no console, files, network, process or timers.',
    comment: '// file: src/name.ts',
    program:
      'Give the program as the file "program.ts". It exports a synchronous function `run(input)`: JSON in, JSON out. It imports nothing. Inputs that have no meaning it refuses by throwing an Error.',
    tests:
      'Give tests too, in files named "….test.ts", written for "node:test" and "node:assert/strict". They run where the program runs: there are no files, no network, no timers.',
  },
  python: {
    start:
      'You write programs of Python 3 that are tested and run in a sandbox with the standard library: one process without threads, no network, no files but their own.',
    comment: '# file: package/name.py',
    program:
      'Give the program as the file "program.py". It has a function `run(input)`: JSON values in, JSON values out. It imports nothing but the standard library. Inputs that have no meaning it refuses by raising an exception.',
    tests:
      'Give tests too, in files named "test_….py": functions named `test_…` with plain assertions, or "unittest". They run where the program runs; there is no pytest.',
  },
} as const;

/** What every model is told before its task. */
export function systemPrompt({ task, dependencies, toolTypes }: TaskPrompt): string {
  const words = WORDS[task.language];
  const tests = task.plan.enable_testing ? [words.tests] : [];
  const program = task.programFile === null ? [] : [words.program];
  const tools =
    toolTypes === null
      ? []
      : ['To find out what you need to know, call "run_program" as often as needed before you give your files.'];
  return [
    words.start,
    'Give your answer by calling "submit_files" once, with every file whole. If you cannot call it, write each file as a fenced block whose first line is a comment with its path, as in ' +
      `\`${words.comment}\`.`,
    ...program,
    ...tests,
    ...tools,
    dependencies.length === 0
      ? 'Use no dependencies: import only files of your own answer.'
      : `Use no dependencies but these: ${dependencies.join(', ')}. Import else only files of your own answer.`,
    'Solve the task for all inputs of its kind. A program that only knows the examples or the tests by heart is wrong: it is measured on others too.',
    'Write no control characters and no terminal escape sequences into the files.',
    DATA_BLOCK_RULE,
  ].join('\n');
}

/** The task with its material, each part as data. */
export function taskPrompt({ task, shown, toolTypes }: TaskPrompt): string {
  const { scaffolding } = task.plan;
  const blocks = [
    'Make what the block "task" describes, and keep to the form that you were told.',
    dataBlock('task', scaffolding.task_description),
  ];
  const add = (name: string, text: string | null): void => {
    if (text !== null && text !== '') blocks.push(dataBlock(name, text));
  };
  add('requirements', scaffolding.requirements.map((requirement, index) => `${index + 1}. ${requirement}`).join('\n'));
  add('architecture', scaffolding.architecture === null ? null : JSON.stringify(scaffolding.architecture, null, 1));
  add(
    'files to make, with what each is for',
    scaffolding.file_structure === null ? null : JSON.stringify(scaffolding.file_structure, null, 1),
  );
  add('context', scaffolding.context);
  add('wanted dependencies', scaffolding.dependencies.join('\n'));
  add(
    'examples of inputs and outputs, one a line',
    shown.map(({ input, output }) => JSON.stringify({ input, output })).join('\n'),
  );
  for (const { path, content } of task.givenTests) add(`given test ${path}, which cannot be changed`, content);
  add('types of the granted tools, for run_program', toolTypes);
  return blocks.join('\n\n');
}
