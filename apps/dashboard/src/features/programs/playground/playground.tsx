import {
  ERRORS,
  type Json,
  PlatformError,
  type ProgramMetadata,
  type ProgramSummary,
  executeResponseSchema,
  isoTime,
  jsonSchema,
  messageOf,
  systemClock,
} from '@loopwright/protocol';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactElement, useState } from 'react';
import { z } from 'zod';
import { api } from '../../../shared/api/api.ts';
import { useSession } from '../../../shared/api/session.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { TextArea } from '../../../shared/ui/field.tsx';
import { programKey, programPath } from '../program-queries.ts';
import { SchemaFields } from './schema-fields.tsx';
import { type Drafts, draftsOf, fits, formOf, parseJson, valueOf } from './schema-form.ts';
import { type Tried, addTried, triedOf } from './tried.ts';
import { Outcome, TriedList } from './tried-list.tsx';

/** A form for the input, or the input as JSON; what came back, and what was tried before. */
export function Playground({ program, active }: { program: ProgramSummary; active: ProgramMetadata }): ReactElement {
  const { can } = useSession();
  const queries = useQueryClient();
  const form = formOf(active.input_schema);
  const [start] = useState(() => exampleOf(active));
  const [isRaw, setRaw] = useState(form.kind === 'json');
  const [drafts, setDrafts] = useState<Drafts>(() => draftsOf(form, start));
  const [raw, setRawText] = useState(() => JSON.stringify(start ?? null, null, 2));
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [history, setHistory] = useState(() => triedOf(program.name));
  const typed = valueOf(form, drafts);
  const rawValue = parseJson(raw);
  const reason = can('programs:execute', program.project_id) ? undefined : 'Your role does not let you run the program';
  const show = (input: Json): void => {
    setRawText(JSON.stringify(input, null, 2));
    setDrafts(draftsOf(form, input));
    if (!fits(form, input)) setRaw(true);
  };
  const toggle = (): void => {
    if (!isRaw) setRawText(JSON.stringify(typed.value ?? null, null, 2));
    else if (rawValue !== undefined) setDrafts(draftsOf(form, rawValue));
    setRaw(!isRaw);
  };
  const run = async (event?: FormEvent): Promise<void> => {
    event?.preventDefault();
    setTried(true);
    const input = isRaw ? rawValue : typed.problems.size === 0 ? typed.value : undefined;
    if (input === undefined || isBusy || reason !== undefined) return;
    setBusy(true);
    setHistory(addTried(program.name, await call(program.name, input)));
    setBusy(false);
    void queries.invalidateQueries({ queryKey: [...programKey(program.name), 'today'] });
  };
  const isLossy = isRaw && rawValue !== undefined && !fits(form, rawValue);
  return (
    <div className="playground">
      <form
        className="card stack"
        aria-label="Input"
        onSubmit={(event) => void run(event)}
        onKeyDown={({ key, ctrlKey, metaKey }) => (key === 'Enter' && (ctrlKey || metaKey) ? void run() : undefined)}
        noValidate
      >
        <div className="row">
          <h2>Input</h2>
          <span className="grow" />
          {form.kind === 'json' ? null : (
            <Button
              small
              disabled={isRaw && (rawValue === undefined || isLossy)}
              reason="The form has no place for all of this JSON"
              onClick={toggle}
            >
              {isRaw ? 'As a form' : 'As JSON'}
            </Button>
          )}
        </div>
        {isRaw ? (
          <TextArea
            label="Input as JSON"
            className="input mono playground-raw"
            spellCheck={false}
            value={raw}
            error={rawValue === undefined ? 'This is no JSON' : undefined}
            onText={setRawText}
          />
        ) : (
          <SchemaFields
            field={form}
            name="Input"
            drafts={drafts}
            problems={isTried ? typed.problems : new Map()}
            onType={(pointer, text) => setDrafts((before) => ({ ...before, [pointer]: text }))}
          />
        )}
        <RunBar isBusy={isBusy} reason={reason} />
      </form>
      <section className="card stack" aria-label="Answer" aria-live="polite" aria-busy={isBusy}>
        <h2>Answer</h2>
        {history[0] === undefined ? <p className="muted">Nothing was run yet.</p> : <Outcome tried={history[0]} />}
      </section>
      <TriedList history={history} onShow={show} />
    </div>
  );
}

function RunBar({ isBusy, reason }: { isBusy: boolean; reason: string | undefined }): ReactElement {
  return (
    <>
      <div className="row">
        <Button type="submit" look="primary" icon="play" disabled={isBusy || reason !== undefined} reason={reason}>
          {isBusy ? 'Running…' : 'Run'}
        </Button>
        <span className="muted">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
      </div>
      <p className="muted">It is a real request: it is logged and counted as any other, and may be chosen for validation.</p>
    </>
  );
}

/** Runs the program and says what came of it, whatever that was. */
async function call(name: string, input: Json): Promise<Omit<Tried, 'no'>> {
  const began = systemClock.now();
  const about = (): Pick<Tried, 'at' | 'input' | 'roundTripMs'> => ({
    at: isoTime(began),
    input,
    roundTripMs: systemClock.now() - began,
  });
  try {
    const path = programPath(name, '/execute');
    const { answer, headers } = await api.exchange({ method: 'POST', path, answer: executeResponseSchema, json: { input } });
    const outcome = {
      output: answer.output,
      latencyMs: answer.latency_ms,
      version: headers.get('x-program-version'),
      executionId: headers.get('x-execution-id'),
    };
    return { ...about(), outcome };
  } catch (error) {
    const code = error instanceof PlatformError ? error.code : null;
    return { ...about(), outcome: { error: messageOf(error), code, fix: code === null ? null : ERRORS[code].fix } };
  }
}

const warmupSchema = z.array(jsonSchema).min(1);

/** An input to begin with: the example of the schema, or one that the version was warmed up with. */
function exampleOf({ input_schema: schema, metadata }: ProgramMetadata): Json | undefined {
  for (const list of [schema['examples'], metadata['warmup_inputs']]) {
    const found = warmupSchema.safeParse(list);
    if (found.success) return found.data[0];
  }
  return schema['default'];
}
