import type { ReactElement } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { Copyable } from '../../shared/ui/copyable.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';

/** What stands in place of the list before there is a run: what a run is, three ways to the first one, and what comes then. */
export function FirstVisit(): ReactElement {
  const { can } = useSession();
  const mayStart = can('executions:write');
  return (
    <div className="empty first-visit">
      <h2>There are no runs yet</h2>
      <p>
        A run takes a task from its description to a tested, served program, phase by phase, and asks people where it matters.
      </p>
      <ul className="first-ways">
        <li className="card">
          <h3>Begin with examples</h3>
          <p>Drop a table of inputs and answers, see what is in it, and let a program be made of it. No model is needed.</p>
          {mayStart ? (
            <PageLink path="/new-run?profile=ml_classification" className="button button-primary">
              <Icon name="plus" size={14} />
              New run
            </PageLink>
          ) : (
            <p>You may look at runs, not start them: an operator can.</p>
          )}
        </li>
        <li className="card">
          <h3>Say what is wanted</h3>
          <p>Profile, name and a few sentences in one form. What is not said is asked in the first phase.</p>
          {mayStart ? (
            <PageLink path="/new-run?how=quick" className="button">
              <Icon name="play" size={14} />
              Quick run
            </PageLink>
          ) : null}
        </li>
        <li className="card">
          <h3>See one first</h3>
          <p>The demonstration makes a program from examples on a server of its own, decides for you, and says what it did.</p>
          <Copyable text="npm run demo" label="the command" />
        </li>
      </ul>
      <h3>What comes then</h3>
      <ol className="first-steps">
        <li>
          The run stops where it needs you: questions and decisions wait in the <PageLink path="/inbox">inbox</PageLink>.
        </li>
        <li>
          An accepted version is promoted and served under <PageLink path="/programs">programs</PageLink>; each request to it is
          recorded.
        </li>
        <li>When the inputs change, drift is shown and a repair is proposed.</li>
      </ol>
      <p>
        Everything here can be done by <PageLink path="/api-docs">the API</PageLink> as well.
      </p>
    </div>
  );
}
