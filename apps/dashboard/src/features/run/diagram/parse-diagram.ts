/** How a task of an execution stands. */
export type TaskState = 'done' | 'running' | 'waiting' | 'failed' | 'skipped';

/** A task, or a part of one such as `catch`; with tasks inside when it is a list of them. */
export interface DiagramNode {
  readonly id: string;
  readonly title: string;
  readonly state: TaskState | undefined;
  readonly inside: readonly DiagramNode[];
  /** Whether what is inside runs side by side. */
  readonly isParallel: boolean;
  /** Where it goes on that is not the next one, each with its condition. */
  readonly ways: readonly { readonly to: string; readonly when: string | undefined }[];
}

interface Building {
  id: string;
  title: string;
  state: TaskState | undefined;
  inside: Building[];
}

const STATES: ReadonlySet<string> = new Set(['done', 'running', 'waiting', 'failed', 'skipped']);
const EDGE = /^(\w+) -(?:\.-|-)>(?:\|"?(.*?)"?\|)? (\w+)$/;
const NODE = /^(task\w+?)(?:\(\[|\[\[|\[|\{|\(|>)"(.*)"(?:\]\)|\]\]|\]|\}|\))(?::::(\w+))?$/;
const SUBGRAPH = /^subgraph (task\w+)\["(.*)"\]$/;
const CLASS = /^class (task\w+) (\w+)$/;

/** Reads the flow chart that the server draws (`packages/engine/src/lib/diagram`): a Mermaid text of its own few forms. */
export function parseDiagram(mermaid: string): DiagramNode[] {
  const root: Building = { id: '', title: '', state: undefined, inside: [] };
  const open = [root];
  const all = new Map<string, Building>();
  const edges: { from: string; to: string; when: string | undefined }[] = [];
  let isLegend = false;
  for (const line of mermaid.split('\n').map((text) => text.trim())) {
    if (line.startsWith('subgraph legend')) isLegend = true;
    if (isLegend) continue;
    const add = (id: string, title: string, state: string | undefined): Building => {
      const node: Building = { id, title: textOf(title), state: stateOf(state), inside: [] };
      open.at(-1)?.inside.push(node);
      all.set(id, node);
      return node;
    };
    const [, subgraph, label] = SUBGRAPH.exec(line) ?? [];
    const [, node, title, state] = NODE.exec(line) ?? [];
    const [, from, when, to] = EDGE.exec(line) ?? [];
    const [, named, given] = CLASS.exec(line) ?? [];
    if (subgraph !== undefined && label !== undefined) open.push(add(subgraph, label, undefined));
    else if (line === 'end') open.pop();
    else if (from !== undefined && to !== undefined)
      edges.push({ from, to, when: when === undefined ? undefined : textOf(when) });
    else if (node !== undefined && title !== undefined) add(node, title, state);
    else if (named !== undefined) {
      const of = all.get(named);
      if (of !== undefined) of.state = stateOf(given);
    }
  }
  return root.inside.map((node, at) => finished(node, { next: root.inside[at + 1]?.id, all, edges }));
}

interface Around {
  readonly next: string | undefined;
  readonly all: ReadonlyMap<string, Building>;
  readonly edges: readonly { from: string; to: string; when: string | undefined }[];
}

function finished(node: Building, { next, all, edges }: Around): DiagramNode {
  const ways = edges
    .filter(({ from, to, when }) => from === node.id && (when !== undefined || to !== next))
    .filter(({ to, when }) => when !== undefined || !/(?:^finish|_exit)$/.test(to) || next !== undefined)
    .map(({ to, when }) => ({ to: all.get(to)?.title ?? (to === 'finish' ? 'the end' : 'out of the list'), when }));
  const isParallel = /: (?:all of|the first of)(?: \(if .*\))?$/.test(node.title);
  const inside = node.inside.map((inner, at) =>
    finished(inner, { next: isParallel ? undefined : node.inside[at + 1]?.id, all, edges }),
  );
  return { ...node, inside, isParallel, ways };
}

function stateOf(text: string | undefined): TaskState | undefined {
  return text !== undefined && STATES.has(text) ? (text as TaskState) : undefined;
}

/** A label as it was: all but plain signs are written as codes. */
function textOf(label: string): string {
  return label.replaceAll(/#(\d{1,7});/g, (code, number: string) =>
    Number(number) <= 0x10_ff_ff ? String.fromCodePoint(Number(number)) : code,
  );
}
