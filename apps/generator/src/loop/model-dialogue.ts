import type { ConversationReply, ConversationTurn, ModelName } from '@loopwright/models';
import { z } from 'zod';
import { RUN_PROGRAM, SUBMIT_FILES } from '../prompt/answer-tools.ts';
import { refinementPrompt } from '../prompt/refinement.ts';
import type { CheckFinding } from './finding.ts';
import { LOOP_LIMITS } from './limits.ts';
import type { LoopParts } from './loop-parts.ts';

/** How many characters come in between two events of progress. */
const PROGRESS_CHARACTERS = 4000;
const codeSchema = z.strictObject({ code: z.string().min(1) });

/** A model at work on one task: what was said, the programs it runs to find things out, and whom to ask. */
export class ModelDialogue {
  readonly #parts: LoopParts;
  readonly #system: string;
  /** The task and the programs that the model ran: they stay. */
  readonly #base: ConversationTurn[];
  /** The last answer and what was wrong with it: only the last one is shown again. */
  #last: readonly ConversationTurn[] = [];
  #names: readonly ModelName[];
  #programRounds = 0;
  /** What providers that failed said. */
  readonly failures: string[] = [];

  constructor(parts: LoopParts, prompt: { system: string; task: string }) {
    this.#parts = parts;
    this.#system = parts.models.redact(prompt.system);
    this.#base = [{ role: 'user', text: parts.models.redact(prompt.task) }];
    this.#names = parts.names;
  }

  /**
   * The next answer of the model. Programs that it runs before are run.
   *
   * @throws the reason of the signal; PROVIDER_UNAVAILABLE; what the sandbox throws when it has no workers
   */
  async answer(): Promise<ConversationReply> {
    for (;;) {
      const reply = await this.#ask();
      const runs = reply.toolCalls.filter(({ name }) => name === RUN_PROGRAM.name);
      const isSubmitted = reply.toolCalls.some(({ name }) => name === SUBMIT_FILES.name);
      if (this.#parts.tools === null || runs.length === 0 || isSubmitted) return reply;
      this.#programRounds += 1;
      if (this.#programRounds > LOOP_LIMITS.programRounds) return reply;
      const results: { id: string; name: string; text: string }[] = [];
      for (const { id, name, input } of reply.toolCalls)
        results.push({ id, name, text: name === RUN_PROGRAM.name ? await this.#run(input) : NO_TOOL });
      this.#base.push(
        ...this.#last,
        { role: 'assistant', text: reply.text, toolCalls: reply.toolCalls },
        { role: 'tool', results },
      );
      this.#last = [];
    }
  }

  /** Tells the model what was wrong with its answer. */
  refine(reply: ConversationReply, findings: readonly CheckFinding[]): void {
    const text = this.#parts.models.redact(refinementPrompt(findings));
    const { toolCalls } = reply;
    if (toolCalls.length === 0) {
      const said: ConversationTurn[] = reply.text === '' ? [] : [{ role: 'assistant', text: reply.text, toolCalls }];
      this.#last = [...said, { role: 'user', text }];
      return;
    }
    const isSubmitted = toolCalls.some(({ name }) => name === SUBMIT_FILES.name);
    const results = toolCalls.map(({ id, name }, index) => ({
      id,
      name,
      text: name === SUBMIT_FILES.name || (!isSubmitted && index === 0) ? text : NO_TOOL,
    }));
    this.#last = [
      { role: 'assistant', text: reply.text, toolCalls },
      { role: 'tool', results },
    ];
  }

  async #ask(): Promise<ConversationReply> {
    const { models, ledger, tools, maxOutputTokens, signal, onEvent } = this.#parts;
    const offered = tools === null ? [SUBMIT_FILES] : [SUBMIT_FILES, RUN_PROGRAM];
    const conversation = { system: this.#system, turns: [...this.#base, ...this.#last], tools: offered, maxOutputTokens };
    onEvent({ event_type: 'code_generating', stage: 'generate', message: 'A model is asked' });
    let told = 0;
    const onPart = (characters: number): void => {
      if (characters - told < PROGRESS_CHARACTERS && characters >= told) return;
      told = characters;
      onEvent({ event_type: 'progress', stage: 'generate', message: `${characters} characters`, data: { characters } });
    };
    const { failures, ...reply } = await models.converse(conversation, { models: this.#names, signal, onPart });
    ledger.add(reply, JSON.stringify(conversation).length);
    for (const failure of failures) {
      this.failures.push(failure);
      onEvent({ event_type: 'warning', stage: 'generate', message: failure });
    }
    // Who answered is asked first from here on; the others stand in for it.
    const answered = this.#names.filter(({ provider, model }) => provider === reply.provider && model === reply.model);
    this.#names = [...answered, ...this.#names.filter((name) => !answered.includes(name))];
    return reply;
  }

  async #run(input: string): Promise<string> {
    const { tools, signal, onEvent } = this.#parts;
    const parsed = codeSchema.safeParse(parsedJson(input));
    if (tools === null || !parsed.success) return 'ERROR: the arguments are not {"code": "…"}';
    onEvent({ event_type: 'progress', stage: 'tools', message: 'A program of the model calls tools' });
    return tools.run(parsed.data.code, signal);
  }
}

const NO_TOOL = 'ERROR: this was not called: call "submit_files" with all files';

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
