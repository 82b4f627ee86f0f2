import type { Json, JsonObject, Sample } from '@loopwright/protocol';
import { type FormEvent, type ReactElement, useEffect, useEffectEvent, useRef, useState } from 'react';
import { Time } from '../../../shared/time/time.tsx';
import { Badge } from '../../../shared/ui/badge.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { isTyping } from '../../../shared/ui/is-typing.ts';
import { JsonView } from '../../../shared/ui/json-view.tsx';
import { SchemaFields } from '../playground/schema-fields.tsx';
import { type Drafts, formOf, valueOf } from '../playground/schema-form.ts';
import type { SampleAct } from './labelling.tsx';

/** One request and what the program answered; `y` right, `1`…`9` another output, `e` type one, `s` skip. */
export function SampleCard({
  sample,
  labels,
  outputSchema,
  isBusy,
  onAct,
  onNext,
}: {
  sample: Sample;
  labels: readonly Json[];
  outputSchema: JsonObject;
  isBusy: boolean;
  onAct: (act: SampleAct) => void;
  /** Takes another one when this one cannot be answered any more. */
  onNext: (() => void) | undefined;
}): ReactElement {
  const [isTyped, setTyped] = useState(labels.length === 0);
  const card = useRef<HTMLElement>(null);
  const isLabel = (label: Json): boolean => JSON.stringify(label) === JSON.stringify(sample.output_data);
  const choose = (label: Json): void => onAct({ what: 'answer', answer: isLabel(label) ? { correct: true } : { output: label } });
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (isBusy || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event)) return;
    const label = labels[Number(event.key) - 1];
    if (event.key === 'y') onAct({ what: 'answer', answer: { correct: true } });
    else if (event.key === 's') onAct({ what: 'skip' });
    else if (event.key === 'e') setTyped(true);
    else if (label !== undefined) choose(label);
    else return;
    event.preventDefault();
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => press(event);
    document.addEventListener('keydown', onKey);
    card.current?.focus();
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <article className="card stack sample" ref={card} tabIndex={-1} aria-label="The sample that you have" aria-busy={isBusy}>
      <Sides sample={sample} />
      <div className="row" role="group" aria-label="What would have been right">
        <Button
          look="primary"
          icon="check"
          disabled={isBusy}
          aria-keyshortcuts="y"
          onClick={() => onAct({ what: 'answer', answer: { correct: true } })}
        >
          That is right <kbd>y</kbd>
        </Button>
        {labels.map((label, at) =>
          isLabel(label) ? null : (
            <Button
              key={JSON.stringify(label)}
              disabled={isBusy}
              aria-keyshortcuts={String(at + 1)}
              onClick={() => choose(label)}
            >
              {typeof label === 'string' ? label : JSON.stringify(label)} <kbd>{at + 1}</kbd>
            </Button>
          ),
        )}
        <Button disabled={isBusy} aria-keyshortcuts="e" aria-expanded={isTyped} onClick={() => setTyped(!isTyped)}>
          Something else <kbd>e</kbd>
        </Button>
        <Button look="quiet" icon="skip" disabled={isBusy} aria-keyshortcuts="s" onClick={() => onAct({ what: 'skip' })}>
          Skip <kbd>s</kbd>
        </Button>
        <Button look="quiet" disabled={isBusy} onClick={() => onAct({ what: 'ask' })}>
          Ask the model
        </Button>
        {onNext === undefined ? null : (
          <Button disabled={isBusy} onClick={onNext}>
            Take another one
          </Button>
        )}
      </div>
      {isTyped ? (
        <OwnOutput schema={outputSchema} isBusy={isBusy} onSend={(output) => onAct({ what: 'answer', answer: { output } })} />
      ) : null}
      <p className="row muted">
        <Badge>{sample.reason.replaceAll('_', ' ')}</Badge> asked <Time at={sample.created_at} />, yours for{' '}
        <Time at={sample.claimed_until} />
      </p>
    </article>
  );
}

function Sides({ sample }: { sample: Sample }): ReactElement {
  return (
    <div className="sample-sides">
      <section aria-label="Input" className="stack">
        <h3>Input</h3>
        <JsonView value={sample.input_data} />
      </section>
      <section aria-label="What the program answered" className="stack">
        <h3>Answered{sample.version === null ? '' : ` by v${sample.version}`}</h3>
        <JsonView value={sample.output_data} />
      </section>
    </div>
  );
}

/** The right output, typed. */
function OwnOutput({
  schema,
  isBusy,
  onSend,
}: {
  schema: JsonObject;
  isBusy: boolean;
  onSend: (output: Json) => void;
}): ReactElement {
  const form = formOf(schema);
  const [drafts, setDrafts] = useState<Drafts>({});
  const [isTried, setTried] = useState(false);
  const box = useRef<HTMLFormElement>(null);
  const { value, problems } = valueOf(form, drafts);
  useEffect(() => box.current?.querySelector<HTMLElement>('input, textarea, select')?.focus(), []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (problems.size === 0 && value !== undefined) onSend(value);
  };
  return (
    <form className="stack" ref={box} onSubmit={submit} noValidate>
      <SchemaFields
        field={form}
        name="The right output"
        drafts={drafts}
        problems={isTried ? problems : new Map()}
        onType={(pointer, text) => setDrafts((before) => ({ ...before, [pointer]: text }))}
      />
      <div className="row">
        <Button type="submit" disabled={isBusy}>
          Send this output
        </Button>
      </div>
    </form>
  );
}
