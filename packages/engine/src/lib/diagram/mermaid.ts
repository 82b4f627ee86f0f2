import type { WorkflowDefinition } from '../definition/definition.ts';
import { pointerPart } from '../definition/json-pointer.ts';
import type { NamedTask, Task } from '../definition/task.ts';
import { label } from './label.ts';
import { type Progress, TASK_STATUSES, type TaskStatus } from './progress.ts';

/** How each status looks. Shape and line tell them apart as well, for those who do not see the colours. */
const STYLES: Record<TaskStatus, string> = {
  done: 'fill:#d5f0dc,stroke:#1f7a3d,color:#10331c',
  running: 'fill:#d6e6fb,stroke:#1c5cab,color:#0c2a52,stroke-width:3px',
  waiting: 'fill:#fdf0c8,stroke:#946200,color:#3d2900,stroke-width:3px',
  failed: 'fill:#fbd9d7,stroke:#b3261e,color:#4a0f0b,stroke-width:4px',
  skipped: 'fill:#f1f1f1,stroke:#8a8a8a,color:#555555,stroke-dasharray:4 4',
};

/** Brackets around a label by the kind of the task; other kinds stand in a plain box. */
const SHAPES: readonly [kind: string, open: string, close: string][] = [
  ['switch', '{', '}'],
  ['wait', '([', '])'],
  ['listen', '([', '])'],
  ['emit', '>', ']'],
  ['raise', '[[', ']]'],
  ['set', '(', ')'],
];

/**
 * A definition as a Mermaid flow chart, lists inside tasks as subgraphs; with `progress`, how each task of an execution stands, and a legend.
 * It depends on nothing but its arguments.
 */
export function mermaidOf({ document }: Pick<WorkflowDefinition, 'document'>, progress?: Progress): string {
  const chart = new Chart(progress);
  chart.line('flowchart TD');
  chart.line('begin((" "))');
  const [first] = chart.list(document.do, '/do', { exit: 'finish', isOutermost: true });
  chart.line('finish(((" ")))');
  if (first !== undefined) chart.line(`begin --> ${first}`);
  if (progress !== undefined) chart.legend();
  return chart.text;
}

interface ListPlace {
  /** Where the flow goes that leaves the list; made when the first task needs it. */
  readonly exit: string;
  readonly isOutermost: boolean;
}

class Chart {
  readonly #progress: Progress | undefined;
  readonly #lines: string[] = [];
  #nodes = 0;
  #depth = 0;

  constructor(progress: Progress | undefined) {
    this.#progress = progress;
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  line(text: string): void {
    this.#lines.push('  '.repeat(this.#depth) + text);
  }

  /** Draws the tasks of a list and the ways between them; gives their ids. */
  list(tasks: readonly NamedTask[], pointer: string, place: ListPlace): string[] {
    const ids = tasks.map((named, index) => this.#task(named, `${pointer}/${index}/${pointerPart(named.name)}`));
    const ways = tasks.flatMap((named, index) =>
      waysOf(named.task, index, tasks).map((way) => ({ way, from: ids[index] ?? '' })),
    );
    const leaves = ways.some(({ way }) => way.to === 'exit');
    if (leaves && !place.isOutermost) this.line(`${place.exit}((" "))`);
    for (const { from, way } of ways) {
      const { to, when } = way;
      const target = typeof to === 'number' ? ids[to] : to === 'end' ? 'finish' : this.#exitOf(place, to, leaves);
      if (target !== undefined) this.line(`${from} -->${when === undefined ? '' : `|${label(when)}|`} ${target}`);
    }
    return ids;
  }

  legend(): void {
    for (const status of TASK_STATUSES) this.line(`classDef ${status} ${STYLES[status]}`);
    this.#subgraph('legend', 'Legend', () => {
      for (const status of TASK_STATUSES) this.line(`legend_${status}[${label(status)}]:::${status}`);
    });
  }

  /** A nested list that runs to its end goes on with what its task goes on with, so that needs no arrow. */
  #exitOf({ exit, isOutermost }: ListPlace, to: 'exit' | 'past', leaves: boolean): string | undefined {
    return isOutermost || to === 'exit' || leaves ? exit : undefined;
  }

  #task({ name, task }: NamedTask, pointer: string): string {
    const id = this.#newId();
    const status = this.#progress?.get(pointer);
    if (isComposite(task)) {
      this.#subgraph(id, titleOf(name, task), () => this.#inside(id, task, pointer));
      if (status !== undefined) this.line(`class ${id} ${status}`);
      return id;
    }
    const [, open, close] = SHAPES.find(([kind]) => kind in task) ?? ['', '[', ']'];
    this.line(`${id}${open}${label(titleOf(name, task))}${close}${status === undefined ? '' : `:::${status}`}`);
    return id;
  }

  #inside(id: string, task: Task, pointer: string): void {
    const inner = { exit: `${id}_exit`, isOutermost: false };
    if ('do' in task) this.list(task.do, `${pointer}/do`, inner);
    if ('listen' in task) this.list(task.foreach?.do ?? [], `${pointer}/foreach/do`, inner);
    if ('fork' in task)
      for (const [index, branch] of task.fork.branches.entries())
        this.#task(branch, `${pointer}/fork/branches/${index}/${pointerPart(branch.name)}`);
    if (!('try' in task)) return;
    this.#subgraph(`${id}_try`, 'try', () => void this.list(task.try, `${pointer}/try`, inner));
    const handler = task.catch.do;
    if (handler === undefined) return;
    const exit = `${id}_catch_exit`;
    this.#subgraph(`${id}_catch`, 'catch', () => void this.list(handler, `${pointer}/catch/do`, { ...inner, exit }));
    this.line(`${id}_try -.->|error| ${id}_catch`);
  }

  #subgraph(id: string, title: string, inside: () => void): void {
    this.line(`subgraph ${id}[${label(title)}]`);
    this.#depth += 1;
    inside();
    this.#depth -= 1;
    this.line('end');
  }

  #newId(): string {
    this.#nodes += 1;
    return `task${this.#nodes}`;
  }
}

interface Way {
  /** Place of the next task, `end` of the workflow, `exit` of the list by name, or `past` its last task. */
  readonly to: number | 'end' | 'exit' | 'past';
  readonly when?: string;
}

function waysOf(task: Task, index: number, tasks: readonly NamedTask[]): Way[] {
  if ('raise' in task) return [];
  const to = (target: string): Way['to'] => {
    if (target === 'end' || target === 'exit') return target;
    if (target === 'continue') return index + 1 < tasks.length ? index + 1 : 'past';
    const named = tasks.findIndex(({ name }) => name === target);
    return named === -1 ? 'past' : named;
  };
  const onward: Way = { to: to(task.then ?? 'continue') };
  if (!('switch' in task)) return [onward];
  const cases = task.switch.flatMap((item) => Object.entries(item));
  const ways = cases.map(([name, { then }]): Way => ({ to: to(then), when: name }));
  return cases.some(([, { when }]) => when === undefined) ? ways : [...ways, { ...onward, when: 'else' }];
}

function isComposite(task: Task): boolean {
  return 'do' in task || 'fork' in task || 'try' in task || ('listen' in task && task.foreach?.do !== undefined);
}

/** What people read of a task: its name, and what it is about. */
function titleOf(name: string, task: Task): string {
  const condition = task.if === undefined ? '' : ` (if ${task.if})`;
  if ('call' in task) return `${name}: ${task.call}${condition}`;
  if ('for' in task) return `${name}: for each ${task.for.each} in ${task.for.in}${condition}`;
  if ('fork' in task) return `${name}: ${task.fork.compete ? 'the first of' : 'all of'}${condition}`;
  if ('try' in task) return `${name}: try${condition}`;
  return name + condition;
}
