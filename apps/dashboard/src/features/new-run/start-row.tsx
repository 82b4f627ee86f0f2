import { messageOf } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { DEFAULT_PROJECT, problemsOf } from './draft.ts';
import type { FormProps } from './form-props.ts';
import { useStart } from './use-start.ts';

/** The button that starts the run, or why it cannot be started. Enter in a field does not: nobody wants to start by accident. */
export function StartRow(props: FormProps): ReactElement {
  const { draft, search, profile } = props;
  const { can } = useSession();
  const { start, isPending, error } = useStart(props);
  const project = search.project ?? DEFAULT_PROJECT;
  const missing = Object.values(problemsOf(draft, search, profile));
  const reason = can('executions:write', project) ? missing[0] : `You may not start runs in “${project}”`;
  return (
    <div className="stack">
      {error === null ? null : (
        <p className="field-error" role="alert">
          {messageOf(error)}
        </p>
      )}
      <div className="row">
        <Button look="primary" icon="play" disabled={reason !== undefined || isPending} onClick={start}>
          Start the run
        </Button>
        {reason === undefined ? null : <span className="muted">{reason}</span>}
      </div>
    </div>
  );
}
