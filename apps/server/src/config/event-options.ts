import type { EventRoute } from '@loopwright/engine';
import type { StreamLimits } from '../events/event-streams.ts';
import type { WebhookTimes } from '../webhooks/webhooks.ts';
import type { Configuration } from './settings.ts';

const DAY_MS = 86_400_000;

/** What readers of events may use, from the settings. */
export function streamLimits({ streamsMax, streamsPerUser, streamStallSeconds }: Configuration): StreamLimits {
  return { total: streamsMax, perUser: streamsPerUser, stallMs: streamStallSeconds * 1000 };
}

/** Which projects hear the events of which others, from the settings. */
export function eventRoutes({ eventRoutes: routes }: Configuration): EventRoute[] {
  return routes.map((route) => {
    const [from = '', to = ''] = route.split('>');
    return { from, to };
  });
}

/** How long webhooks wait for what, from the settings. */
export function webhookTimes({ webhookTimeoutSeconds, webhookDisableAfterDays, webhookLogDays }: Configuration): WebhookTimes {
  return {
    timeoutMs: webhookTimeoutSeconds * 1000,
    disableAfterMs: webhookDisableAfterDays * DAY_MS,
    logMs: webhookLogDays * DAY_MS,
  };
}
