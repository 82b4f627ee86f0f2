/** The key of the nth event (from 0) that the listener of another key gives by itself. */
export function eventKey(key: string, index: number): string {
  return `${key}@event-${index}`;
}

/** Whether a key is that of such an event. */
export function isEventKey(key: string): boolean {
  return /@event-\d+$/.test(key);
}
