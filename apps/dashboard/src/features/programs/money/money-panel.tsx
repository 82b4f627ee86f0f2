import type { BreakEven } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactElement, useState } from 'react';
import { countText } from '../../../shared/time/format.ts';
import { Button } from '../../../shared/ui/button.tsx';
import { SelectField, TextField } from '../../../shared/ui/field.tsx';
import { EmptyState, ErrorState, Loading, Stat } from '../../../shared/ui/states.tsx';
import type { ProgramPanel } from '../program-page.tsx';
import { breakEvenQuery, versionsQuery } from '../program-queries.ts';

/** The most that a link may say (`programs-search.ts`). */
const MOST_REQUESTS = 1_000_000_000;
const MOST_TOKENS = 10_000_000;

/** Whether a text is a number of tokens, or left out. */
function isTokens(text: string): boolean {
  const tokens = Number(text);
  return text.trim() === '' || (Number.isInteger(tokens) && tokens >= 0 && tokens <= MOST_TOKENS);
}

/** After how many requests a version is cheaper than asking a model each time. */
export function MoneyPanel({ program, search, select }: ProgramPanel): ReactElement {
  const { data: versions } = useQuery(versionsQuery(program.name));
  const { model, requests, input_tokens: input, output_tokens: output } = search;
  const version = search.version ?? program.active_version ?? program.versions.at(-1) ?? 1;
  const made = versions?.find((one) => one.version === version);
  const known = made?.llm_provider == null || made.llm_model === null ? '' : `${made.llm_provider}/${made.llm_model}`;
  return (
    <div className="stack">
      <p className="muted measure">
        What models were paid while the version was made, against what asking a model at each request would cost. People and
        machines are not reckoned.
      </p>
      <Question
        key={known}
        versions={program.versions}
        shown={{ model: model ?? known, requests: requests ?? 1000, version, input, output }}
        onAsk={(next) => select(next)}
      />
      {model === undefined || requests === undefined ? (
        <EmptyState title="Nothing was reckoned yet">
          Name the model that would answer instead, and how many requests come a day.
        </EmptyState>
      ) : (
        <Answer
          name={program.name}
          query={{
            model,
            requests_per_day: String(requests),
            version: String(version),
            ...(input === undefined ? {} : { input_tokens: String(input) }),
            ...(output === undefined ? {} : { output_tokens: String(output) }),
          }}
        />
      )}
    </div>
  );
}

interface Asked {
  readonly model: string;
  readonly requests: number;
  readonly version: number;
  readonly input: number | undefined;
  readonly output: number | undefined;
}

function Question({
  versions,
  shown,
  onAsk,
}: {
  versions: readonly number[];
  shown: Asked;
  onAsk: (next: {
    model: string;
    requests: number;
    version: number;
    input_tokens: number | undefined;
    output_tokens: number | undefined;
  }) => void;
}): ReactElement {
  const [model, setModel] = useState(shown.model);
  const [requests, setRequests] = useState(String(shown.requests));
  const [version, setVersion] = useState(shown.version);
  const [input, setInput] = useState(shown.input === undefined ? '' : String(shown.input));
  const [output, setOutput] = useState(shown.output === undefined ? '' : String(shown.output));
  const [isTried, setTried] = useState(false);
  const noModel = /^[^/]+\/.+$/.test(model.trim()) ? undefined : 'Provider and name, such as “anthropic/NAME”';
  const noRequests = Number(requests) > 0 && Number(requests) <= MOST_REQUESTS ? undefined : 'More than 0, a billion at the most';
  const [noInput, noOutput] = [input, output].map((text) => (isTokens(text) ? undefined : 'A whole number'));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if ([noModel, noRequests, noInput, noOutput].some((problem) => problem !== undefined)) return;
    onAsk({
      model: model.trim(),
      requests: Number(requests),
      version,
      input_tokens: input.trim() === '' ? undefined : Number(input),
      output_tokens: output.trim() === '' ? undefined : Number(output),
    });
  };
  return (
    <form className="card money" onSubmit={submit} noValidate aria-label="What to compare with">
      <TextField
        label="Model"
        placeholder="provider/name"
        maxLength={300}
        value={model}
        error={isTried ? noModel : undefined}
        onText={setModel}
      />
      <TextField
        label="Requests a day"
        type="number"
        min={1}
        value={requests}
        error={isTried ? noRequests : undefined}
        onText={setRequests}
      />
      <SelectField label="Version" value={String(version)} onChange={({ target }) => setVersion(Number(target.value))}>
        {versions.toReversed().map((one) => (
          <option key={one} value={one}>
            v{one}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Tokens in"
        type="number"
        min={0}
        placeholder="Reckoned"
        error={isTried ? noInput : undefined}
        value={input}
        onText={setInput}
      />
      <TextField
        label="Tokens out"
        type="number"
        min={0}
        placeholder="Reckoned"
        error={isTried ? noOutput : undefined}
        value={output}
        onText={setOutput}
      />
      <Button type="submit" look="primary">
        Reckon
      </Button>
    </form>
  );
}

function Answer({ name, query }: { name: string; query: Readonly<Record<string, string>> }): ReactElement {
  const { data, error, refetch } = useQuery(breakEvenQuery(name, query));
  if (data === undefined)
    return error === null ? <Loading label="Reckoning" lines={3} /> : <ErrorState error={error} retry={() => void refetch()} />;
  return <Figures even={data} />;
}

function Figures({ even }: { even: BreakEven }): ReactElement {
  const { cost_of_making_usd: making, cost_per_request_usd: request, tokens_per_request: tokens } = even;
  const missing = [
    ...(making === null ? ['what it cost to make'] : []),
    ...(request === null ? ['what a request would cost'] : []),
  ];
  const why = missing.length === 0 ? 'a request to the model costs nothing' : `it is not known ${missing.join(' and ')}`;
  const count = (value: number | null): string | null => (value === null ? null : countText(value));
  const usd = (value: string | null): string | null => (value === null ? null : `$${value}`);
  return (
    <section className="stack" aria-label="Break-even">
      <dl className="stats" aria-live="polite">
        <Stat label={`Making v${even.version} cost`} value={usd(making)} reason="see below" />
        <Stat label="A request to the model" value={usd(request)} reason="see below" />
        <Stat label="Even after requests" value={count(even.requests_until_even)} reason={why} />
        <Stat
          label="Even after days"
          value={even.days_until_even === null ? null : daysText(even.days_until_even)}
          reason={why}
        />
        <Stat
          label="Saved a day"
          value={usd(even.saved_per_day_usd)}
          reason={request === null ? 'it is not known what a request would cost' : why}
        />
        <Stat
          label="Tokens in / out"
          value={tokens.input === null || tokens.output === null ? null : `${tokens.input} / ${tokens.output}`}
          reason="see below"
        />
      </dl>
      {even.reasons.length === 0 ? null : (
        <section className="notice" aria-label="What is not known">
          <ul className="facts-list">
            {even.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </section>
      )}
    </section>
  );
}

function daysText(days: number): string {
  return days < 0.1 ? '< 0.1' : days.toFixed(days < 10 ? 1 : 0);
}
