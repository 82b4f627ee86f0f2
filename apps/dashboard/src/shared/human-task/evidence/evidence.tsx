import type { HumanTask } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { JsonView } from '../../ui/json-view.tsx';
import './evidence.css';
import { ProgramEvidence } from './program-evidence.tsx';
import { programSubjectSchema } from './program-subject.ts';

/** What an acceptance is about, as its kind is best read. */
export function Evidence({ task }: { task: HumanTask }): ReactElement {
  const program = task.doc_type === 'program_version' ? programSubjectSchema.safeParse(task.subject) : undefined;
  if (program?.success === true) return <ProgramEvidence task={task} subject={program.data} />;
  return (
    // Keyboards scroll what has the focus.
    <div className="subject" tabIndex={0} role="region" aria-label="What is to be decided">
      {typeof task.subject === 'string' ? <pre>{task.subject}</pre> : <JsonView value={task.subject} />}
    </div>
  );
}
