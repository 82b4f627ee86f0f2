import type { ReactElement } from 'react';
import { usePreferences } from '../preferences/preferences.ts';
import { absoluteTime, durationText, relativeTime } from './format.ts';
import { useNowText } from './now.ts';

/** A time as the viewer likes it: how long ago or ahead, or the date in their zone; the other one is its tooltip. */
export function Time({ at }: { at: string | null }): ReactElement {
  const { timeStyle, timeZone } = usePreferences();
  if (at === null) return <span className="muted">–</span>;
  const time = Date.parse(at);
  const exact = absoluteTime(time, timeZone, { withZone: true });
  return (
    <time dateTime={at} title={exact} className="nowrap">
      {timeStyle === 'absolute' ? absoluteTime(time, timeZone) : <RelativeTime at={time} />}
    </time>
  );
}

function RelativeTime({ at }: { at: number }): string {
  return useNowText((now) => relativeTime(at, now));
}

/** How long something took; runs on while it is under way (`since` without `seconds`). */
export function Duration({ seconds, since = null }: { seconds: number | null; since?: string | null }): ReactElement {
  if (seconds !== null) return <span className="nowrap numeric">{durationText(seconds)}</span>;
  if (since !== null) return <Running since={Date.parse(since)} />;
  return <span className="muted">–</span>;
}

function Running({ since }: { since: number }): ReactElement {
  return (
    <span className="nowrap numeric">{useNowText((now) => durationText(Math.max(0, Math.floor((now - since) / 1000))))}</span>
  );
}
