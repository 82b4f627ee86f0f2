import { type LabelledExample, type Random, seededRandom } from '@loopwright/protocol';

/** What a question is about: words that say it plainly, and words that it shares with others. */
interface Topic {
  readonly plain: readonly string[];
  readonly vague: readonly string[];
}

const THINGS: Readonly<Record<string, Topic>> = {
  card: { plain: ['bank card', 'debit card', 'plastic card', 'visa card'], vague: ['card', 'it'] },
  virtual_card: { plain: ['virtual card', 'digital card', 'disposable card', 'online card'], vague: ['card', 'card in the app'] },
  transfer: {
    plain: ['transfer', 'wire', 'bank transfer', 'money i sent to a friend'],
    vague: ['payment', 'money', 'transaction'],
  },
  top_up: { plain: ['top up', 'top-up', 'reload', 'money i added'], vague: ['money', 'deposit', 'balance'] },
  cash: { plain: ['cash withdrawal', 'atm withdrawal', 'cash machine', 'atm'], vague: ['cash', 'money', 'withdrawal'] },
  direct_debit: {
    plain: ['direct debit', 'standing order', 'monthly subscription', 'recurring bill'],
    vague: ['payment', 'transaction', 'bill'],
  },
  exchange: {
    plain: ['currency exchange', 'exchange', 'conversion to euros', 'foreign currency'],
    vague: ['rate', 'transaction', 'money'],
  },
  refund: {
    plain: ['refund', 'reimbursement', 'money back from a shop', 'returned item'],
    vague: ['money', 'payment', 'purchase'],
  },
  pin: { plain: ['pin', 'pin code', 'four digits of my card', 'secret number'], vague: ['code', 'number'] },
  passcode: { plain: ['passcode', 'password', 'app login', 'sign-in code'], vague: ['code', 'app', 'account'] },
  identity: {
    plain: ['identity check', 'verification', 'passport photo', 'proof of who i am'],
    vague: ['check', 'document', 'account'],
  },
};

const CONCERNS: Readonly<Record<string, Topic>> = {
  pending: {
    plain: ['is still pending', 'has not gone through yet', 'is taking so long', 'still shows as in progress'],
    vague: ['is not there', 'has a problem'],
  },
  declined: {
    plain: ['was declined', 'got rejected', 'keeps being refused', 'was turned down'],
    vague: ['does not work', 'failed'],
  },
  charged: {
    plain: ['cost me an extra fee', 'had a charge on it', 'was charged for', 'came with a fee i did not expect'],
    vague: ['was more than i thought', 'has a problem'],
  },
  unknown: {
    plain: ['was not made by me', 'is one i do not recognise', 'looks like fraud', 'shows up but i never did that'],
    vague: ['looks wrong', 'seems strange'],
  },
  cancel: {
    plain: ['needs to be cancelled', 'should be stopped', 'has to be undone', 'is something i want to call off'],
    vague: ['was a mistake', 'should be different'],
  },
  limit: {
    plain: ['has which limit', 'has a maximum', 'can be used how many times', 'is restricted to how much'],
    vague: ['does not work any more', 'is not allowed'],
  },
  where: {
    plain: ['can be found where', 'can be set up in which menu', 'is available in which countries', 'can i get how'],
    vague: ['is not there', 'should be different'],
  },
};

const OPENINGS = [
  'hi',
  'hello',
  'hey there',
  'please help',
  'quick question',
  'good morning',
  'i am confused',
  'sorry to ask',
  '',
];
const LINKS = [
  'my',
  'the',
  'this',
  'why my',
  'i think my',
  'it seems that the',
  'i see that my',
  'can you tell me if the',
  'what if my',
];
const ENDINGS = [
  'today',
  'since yesterday',
  'what can i do',
  'can you help',
  'please explain',
  'is that normal',
  'any idea',
  'thanks',
  '',
];
const ASIDES = ['though my', 'and not the', 'unlike my', 'but the', 'while my'];
const FINE = ['is fine', 'works well', 'is another matter', 'was never a problem'];

/** Shares of questions whose thing or concern is said by a word that others share, that mention another thing besides, and of words with a wrong letter. */
const VAGUE = 0.08;
const ASIDE = 0.25;
const TYPO = 0.04;

/**
 * Questions of bank customers with 77 intents: eleven things times seven concerns, so that each word of an intent occurs in many others. Some can be told
 * apart by nobody: the thing or the concern is said by a word that fits several.
 */
export function questions(count: number, seed: number): LabelledExample[] {
  const random = seededRandom(seed);
  const intents = Object.keys(THINGS).flatMap((thing) => Object.keys(CONCERNS).map((concern) => ({ thing, concern })));
  return Array.from({ length: count }, (_, at) => {
    const { thing, concern } = intents[at % intents.length] ?? { thing: '', concern: '' };
    const isAside = random.next() < ASIDE;
    const other = pick(Object.keys(THINGS), random);
    const parts = [
      pick(OPENINGS, random),
      pick(LINKS, random),
      word(THINGS[thing], random),
      word(CONCERNS[concern], random),
      ...(isAside ? [pick(ASIDES, random), pick(THINGS[other]?.plain ?? [], random), pick(FINE, random)] : []),
      pick(ENDINGS, random),
    ];
    const text = parts
      .filter((part) => part !== '')
      .join(' ')
      .split(' ')
      .map((piece) => (random.next() < TYPO ? misspelt(piece, random) : piece))
      .join(' ');
    return { input: { text }, output: `${thing}_${concern}` };
  });
}

function word(topic: Topic | undefined, random: Random): string {
  return pick((random.next() < VAGUE ? topic?.vague : topic?.plain) ?? [], random);
}

function pick(items: readonly string[], random: Random): string {
  return items[Math.floor(random.next() * items.length)] ?? '';
}

/** A letter left out, or two swapped. */
function misspelt(piece: string, random: Random): string {
  const at = Math.floor(random.next() * Math.max(1, piece.length - 1));
  if (random.next() < 0.5) return piece.slice(0, at) + piece.slice(at + 1);
  return piece.slice(0, at) + piece.charAt(at + 1) + piece.charAt(at) + piece.slice(at + 2);
}
