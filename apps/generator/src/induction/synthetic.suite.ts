import { type LabelledExample, seededRandom } from '@loopwright/protocol';

const WORDS = {
  billing: ['invoice', 'refund', 'charged', 'payment', 'card', 'price', 'receipt', 'twice'],
  delivery: ['parcel', 'courier', 'late', 'address', 'tracking', 'arrived', 'box', 'street'],
  account: ['password', 'login', 'email', 'locked', 'profile', 'reset', 'username', 'sign'],
} as const;
const FILLERS = ['please', 'help', 'me', 'the', 'my', 'is', 'was', 'today', 'again', 'hello', 'thanks', 'with', 'about'];

/** Messages of three topics, each with two words of its topic among fillers; `noise` is the share of wrong labels. */
export function messages(count: number, seed: number, noise = 0): LabelledExample[] {
  const random = seededRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random.next() * items.length)] as Item;
  const topics = Object.keys(WORDS) as (keyof typeof WORDS)[];
  return Array.from({ length: count }, () => {
    const topic = pick(topics);
    const words = [pick(WORDS[topic]), pick(WORDS[topic]), ...Array.from({ length: 4 }, () => pick(FILLERS))];
    const text = `${words.sort(() => random.next() - 0.5).join(' ')} ${Math.floor(random.next() * 1000)}`;
    return { input: { text }, output: random.next() < noise ? pick(topics) : topic };
  });
}

/** Loan requests whose outcome hangs on income, debt and country by a rule, with empty cells here and there. */
export function loans(count: number, seed: number): LabelledExample[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const income = Math.round(1000 + random.next() * 9000);
    const debt = random.next() < 0.1 ? null : Math.round(random.next() * 50_000);
    const country = ['DE', 'FR', 'PL'][Math.floor(random.next() * 3)] ?? 'DE';
    const employed = random.next() < 0.8;
    const isGranted = employed && income > 3000 && (debt === null || debt < 8 * income || country === 'PL');
    return { input: { income, debt, country, employed, 'note "1"': random.next() < 0.5 ? 'a' : 'b' }, output: isGranted };
  });
}
